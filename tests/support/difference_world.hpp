// Random disks and images for comparisons, what is found between them straight from the definition, and a comparison
// run to its end in memory.
#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "support/naive_tree.hpp"
#include "support/tree_of_ids.hpp"
#include "support/tree_source.hpp"
#include "sync/exchange.hpp"

namespace jaunt::testing {

struct DifferenceWorld {
  std::uint64_t size = 0;
  BlockMap wanted;
  model::ExtentSet elided;
  std::vector<BlockMap> held;  // the first is the base, if there is one
  std::uint64_t base_size = 0;
  bool with_base = true;
};

// Ids whose first bits are often alike, so that short ids and hints mislead.
inline model::BlockId random_id(std::mt19937_64& random) {
  model::BlockId id;
  for (std::byte& byte : id.bytes)
    byte = std::byte(random());
  const auto alike = random() % 8 == 0 ? random() % 9 : 0;
  std::fill_n(id.bytes.begin(), alike, std::byte(random() % 2));
  return id;
}

// Pieces of `from`, moved by so many blocks, over what is there.
inline void copy_piece(std::mt19937_64& random, const BlockMap& from, std::uint64_t blocks, std::int64_t by,
                       BlockMap& into) {
  if (from.empty())
    return;
  auto at = std::next(from.begin(), static_cast<std::ptrdiff_t>(random() % from.size()));
  for (auto left = random() % 300; left > 0 && at != from.end(); --left, ++at) {
    const auto to = static_cast<std::int64_t>(at->first) + by;
    if (to >= 0 && static_cast<std::uint64_t>(to) < blocks)
      into[static_cast<std::uint64_t>(to)] = at->second;
  }
}

inline void add_cluster(std::mt19937_64& random, std::uint64_t blocks, BlockMap& into) {
  std::uint64_t at = random() % 4 == 0 ? blocks - 1 : random() % blocks;
  for (auto left = random() % 400; left > 0 && at < blocks; --left, at += random() % 16 == 0 ? 1 + random() % 40 : 1)
    into[at] = random_id(random);
}

inline DifferenceWorld random_difference_world(std::mt19937_64& random) {
  DifferenceWorld world;
  world.size = 1 + random() % (std::uint64_t{1} << (8 + random() % 40));
  world.base_size = random() % 2 == 0 ? world.size : 1 + random() % (2 * world.size);
  world.with_base = random() % 4 != 0;
  const std::uint64_t blocks = model::block_count(base::ByteCount(world.size));
  const std::uint64_t base_blocks = model::block_count(base::ByteCount(world.base_size));
  world.held.resize(random() % 4);
  for (BlockMap& image : world.held)
    for (auto clusters = random() % 6; clusters > 0; --clusters)
      add_cluster(random, std::min(blocks, base_blocks), image);
  if (!world.held.empty() && random() % 3 != 0)
    world.wanted = world.held[0];
  for (auto clusters = random() % 4; clusters > 0; --clusters)
    add_cluster(random, blocks, world.wanted);
  for (const BlockMap& image : world.held)
    for (auto pieces = random() % 8; pieces > 0; --pieces)
      copy_piece(random, image, blocks, static_cast<std::int64_t>(random() % 2000) - 1000, world.wanted);
  for (auto holes = random() % 20; holes > 0 && !world.wanted.empty(); --holes)
    world.wanted.erase(std::next(world.wanted.begin(), static_cast<std::ptrdiff_t>(random() % world.wanted.size())));
  for (auto count = random() % 6; count > 0 && !world.wanted.empty(); --count) {
    const auto at = std::next(world.wanted.begin(), static_cast<std::ptrdiff_t>(random() % world.wanted.size()));
    if (at->first + 1 < blocks)
      world.elided.insert({base::ByteOffset(at->first * 4096),
                           base::ByteCount(4096 * std::min(1 + random() % 100, blocks - at->first - 1))});
  }
  return world;
}

// The trees of a world, as files.
struct DifferenceTrees {
  DifferenceTrees(const DifferenceWorld& world, const std::filesystem::path& folder) {
    write_tree(folder / "wanted", world.size, world.wanted, world.elided);
    wanted = std::make_unique<model::TreeFile>(folder / "wanted");
    for (std::size_t i = 0; i < world.held.size(); ++i) {
      const auto path = folder / ("held" + std::to_string(i));
      write_tree(path, world.base_size, world.held[i], {});
      held.push_back(std::make_unique<model::TreeFile>(path));
      views.push_back(&held.back()->view());
    }
    source = std::make_unique<TreeSource>(views);
  }

  sync::Local local(bool with_base) const {
    return {with_base && !views.empty() ? views[0] : nullptr, {source.get()}};
  }

  std::unique_ptr<model::TreeFile> wanted;
  std::vector<std::unique_ptr<model::TreeFile>> held;
  std::vector<const model::TreeView*> views;
  std::unique_ptr<TreeSource> source;
};

struct Difference {
  std::vector<sync::Run> runs;
  std::vector<std::pair<model::NodePlace, base::Hash32>> awaiting;
  std::vector<std::pair<std::uint64_t, base::Hash32>> tiles;
  sync::Traffic traffic;

  sync::Findings findings() {
    return {[this](const sync::Run& run) { runs.push_back(run); },
            [this](model::NodePlace node, const base::Hash32& hash) { awaiting.emplace_back(node, hash); },
            [this](std::uint64_t tile, const base::Hash32& hash) { tiles.emplace_back(tile, hash); }};
  }
};

enum class Samples { asked, left_out };

inline Difference compare(const model::TreeView& wanted, const model::ExtentSet& elided, const sync::Local& local,
                          Samples samples = Samples::left_out) {
  sync::SourceSide source({{"vda", &wanted, elided}});
  sync::DestinationSide destination;
  Difference result;
  sync::converse(destination, source, destination.hello(), result.traffic);
  if (samples == Samples::asked)
    sync::converse(destination, source, destination.ask_samples(0), result.traffic);
  sync::converse(destination, source, destination.compare(0, local, result.findings()), result.traffic);
  return result;
}

}  // namespace jaunt::testing
