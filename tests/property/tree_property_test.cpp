#include "model/tree_file.hpp"
#include "support/seed.hpp"
#include "support/tree_fixture.hpp"
#include "support/tree_of_ids.hpp"

using namespace jaunt;
using model::BlockId;
using model::BlockIndex;

namespace {

struct World {
  std::uint64_t size = 0;
  testing::BlockMap blocks;
  model::ExtentSet elided;
};

// Sizes from one byte to beyond 100 TiB, blocks in clusters with much of nothing between.
World random_world(std::mt19937_64& random) {
  World world;
  world.size = 1 + random() % (std::uint64_t{1} << (random() % 48));
  const std::uint64_t count = model::block_count(base::ByteCount(world.size));
  for (auto cluster = random() % 8; cluster > 0; --cluster) {
    std::uint64_t at = random() % 4 == 0 ? count - 1 : random() % count;
    for (auto left = random() % 100; left > 0 && at < count; --left, at += 1 + random() % 3) {
      world.blocks[at].bytes[0] = std::byte(1 + random() % 250);
      world.blocks[at].bytes[15] = std::byte(random() % 2);
      if (random() % 8 == 0)
        world.elided.insert({base::ByteOffset(at * 4096 - at % 2 * 100), base::ByteCount(1 + random() % 200000)});
    }
  }
  return world;
}

model::TreeSummary write(const World& world, const std::filesystem::path& path) {
  return testing::write_tree(path, world.size, world.blocks, world.elided);
}

model::ExtentSet within(const World& world) {
  model::ExtentSet image;
  image.insert({base::ByteOffset(0), base::ByteCount(world.size)});
  return world.elided.intersection(image);
}

}  // namespace

TEST_CASE("A tree file says what the definition says, at every block, node and root") {
  const base::TemporaryDirectory folder{testing::quick_folder()};
  testing::for_seeds(200, [&](std::mt19937_64& random) {
    const World world = random_world(random);
    const auto summary = write(world, folder.path() / "t");
    const model::TreeFile tree(folder.path() / "t");
    tree->verify();
    REQUIRE(summary == tree->summary());
    REQUIRE(tree->root() == testing::naive_root(world.blocks, world.size));
    REQUIRE(summary.nonzero_blocks == world.blocks.size());
    REQUIRE(summary.unique_ids == testing::distinct_ids(world.blocks));

    std::map<BlockId, std::uint64_t> first;
    for (const auto& [block, id] : world.blocks) {
      first.emplace(id, block);
      REQUIRE(tree->id_at(BlockIndex(block)) == id);
      if (!world.blocks.contains(block + 1))
        REQUIRE(tree->id_at(BlockIndex(block + 1)) == std::nullopt);
      std::uint64_t width = 16;
      for (unsigned level = 1; level <= tree->levels(); ++level, width *= 16)
        REQUIRE(tree->node({level, block / width}) ==
                testing::naive_node(world.blocks, level, block / width * width, width));
    }
    for (const auto& [id, block] : first) {
      const auto rank = tree->rank_of(id);
      REQUIRE(rank.has_value());
      REQUIRE(tree->first_block_of(*rank).value == block);
    }
    REQUIRE_FALSE(tree->rank_of(BlockId{}).has_value());
  });
}

TEST_CASE("A carried root is the root with the elided blocks gone, given to the writer or asked for later") {
  const base::TemporaryDirectory folder{testing::quick_folder()};
  testing::for_seeds(200, [&](std::mt19937_64& random) {
    World world = random_world(random);
    const auto kept = testing::without(world.blocks, within(world));
    const auto summary = write(world, folder.path() / "t");
    REQUIRE(summary.carried_root == testing::naive_root(kept, world.size));
    REQUIRE(summary.needed_blocks == kept.size());

    const model::ExtentSet elided = std::exchange(world.elided, {});
    const auto whole = write(world, folder.path() / "u");
    REQUIRE(whole.carried_root == whole.root);
    REQUIRE(model::TreeFile(folder.path() / "u")->summary_with(elided) == summary);
  });
}
