#include <doctest/doctest.h>

#include "base/file.hpp"
#include "support/difference_world.hpp"
#include "support/quick_folder.hpp"
#include "support/seed.hpp"

using namespace jaunt;
using testing::BlockMap;
using testing::Difference;
using testing::DifferenceTrees;
using testing::DifferenceWorld;

namespace {

// Walks the runs beside the definition: every block once, in order, each from where it is to be had.
void expect_exact(const DifferenceWorld& world, const Difference& found) {
  const BlockMap carried = testing::without(world.wanted, world.elided);
  std::set<model::BlockId> here;
  for (const BlockMap& image : world.held)
    for (const auto& block : image)
      here.insert(block.second);
  const BlockMap none;
  const BlockMap& base = world.with_base && !world.held.empty() ? world.held[0] : none;
  auto next = carried.begin();
  std::uint64_t at = 0;
  for (const sync::Run& run : found.runs) {
    REQUIRE(run.first.value == at);
    REQUIRE(run.blocks > 0);
    at += run.blocks;
    for (; next != carried.end() && next->first < at; ++next) {
      REQUIRE(run.origin != sync::Origin::zero);
      const auto in_base = base.find(next->first);
      const bool like_base = in_base != base.end() && in_base->second == next->second;
      REQUIRE((run.origin == sync::Origin::base) == like_base);
      REQUIRE((run.origin == sync::Origin::wire) == (!like_base && !here.contains(next->second)));
      if (run.origin == sync::Origin::local) {
        const auto place = run.spot.at(next->first - run.first.value).place;
        REQUIRE(world.held.at(place.part).at(place.block) == next->second);
      }
    }
    if (run.origin != sync::Origin::zero) {
      const auto inside = std::distance(carried.lower_bound(run.first.value), carried.lower_bound(at));
      REQUIRE(static_cast<std::uint64_t>(inside) == run.blocks);
    }
  }
  REQUIRE(at == model::block_count(base::ByteCount(world.size)));
}

// Every tile that is not zero is told once, in order, with the tree's hash.
void expect_tiles(const DifferenceWorld& world, const Difference& found) {
  const BlockMap carried = testing::without(world.wanted, world.elided);
  const unsigned level = model::tree_levels(base::ByteCount(world.size)) == 1 ? 1 : 2;
  const std::uint64_t width = std::uint64_t{1} << 4 * level;
  std::map<std::uint64_t, base::Hash32> tiles;
  for (const auto& block : carried)
    if (base::Hash32& hash = tiles[block.first / width]; hash == model::kZeroNode)
      hash = testing::naive_node(carried, level, block.first / width * width, width);
  REQUIRE(found.tiles == std::vector<std::pair<std::uint64_t, base::Hash32>>(tiles.begin(), tiles.end()));
}

// Every block that comes over the wire lies under a hash that is the tree's.
void expect_proofs(const DifferenceWorld& world, const Difference& found) {
  const BlockMap carried = testing::without(world.wanted, world.elided);
  std::set<std::uint64_t> awaiting;
  const unsigned level = model::tree_levels(base::ByteCount(world.size)) == 1 ? 1 : 2;
  for (const auto& [node, hash] : found.awaiting) {
    REQUIRE(node.level == level);
    const std::uint64_t width = std::uint64_t{1} << 4 * level;
    REQUIRE(hash == testing::naive_node(carried, level, node.index * width, width));
    awaiting.insert(node.index);
  }
  for (const sync::Run& run : found.runs)
    for (std::uint64_t i = 0; run.origin == sync::Origin::wire && i < run.blocks; ++i)
      REQUIRE(awaiting.contains((run.first.value + i) >> 4 * level));
}

}  // namespace

TEST_CASE("What a comparison finds is what every block's id says, whatever the disks") {
  const base::TemporaryDirectory folder{testing::quick_folder()};
  std::map<sync::Origin, std::uint64_t> seen;
  testing::for_seeds(150, [&](std::mt19937_64& random) {
    const DifferenceWorld world = testing::random_difference_world(random);
    const DifferenceTrees trees(world, folder.path());
    const Difference found =
        testing::compare(trees.wanted->view(), trees.wanted->view().elided(), trees.local(world.with_base));
    expect_exact(world, found);
    expect_proofs(world, found);
    expect_tiles(world, found);
    for (const sync::Run& run : found.runs)
      seen[run.origin] += run.blocks;
  });
  MESSAGE(seen[sync::Origin::base] << " blocks in place, " << seen[sync::Origin::local] << " elsewhere, "
                                   << seen[sync::Origin::wire] << " missing");
}
