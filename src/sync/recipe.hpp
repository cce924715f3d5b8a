// From where each block of a target is taken, in terms of what can be read now.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/file.hpp"
#include "chunkstore/source.hpp"
#include "model/source_kind.hpp"
#include "sync/block_mask.hpp"
#include "sync/lookup.hpp"
#include "sync/tile_list.hpp"

namespace jaunt::sync {

struct RecipeRun {
  model::BlockIndex first;
  std::uint64_t blocks = 0;
  model::SourceKind kind = model::SourceKind::zero;
  Spot spot;  // of the first block, the others lie behind it; for what is neither zero nor of the wire
};

// A place in a file whose bytes may be referred to.
struct RawPlace {
  const base::File* file = nullptr;
  base::ByteOffset offset;
};

// What it points to outlives it. Any thread.
struct Recipe {
  base::ByteCount size;
  const TileList* tiles = nullptr;
  std::span<const RecipeRun> runs;  // every block, in order
  // How Spot::source is to be understood. Where one no longer has what it had, all are asked by id.
  std::vector<const chunkstore::Source*> sources;
  std::optional<std::uint32_t> base = {};  // the one that is a whole disk, block by block
  // Where a spot lies in a raw file, and the blocks behind it as well; may be left empty.
  std::function<std::optional<RawPlace>(const Spot&)> raw = {};

  // Calls visit(run, first block of the tile, how many) for the pieces of runs in a tile.
  template <typename Visit>
  void each_piece(std::uint64_t tile, const Visit& visit) const {
    const std::uint64_t begin = tile * transport::kTileBlocks;
    const std::uint64_t end = begin + transport::kTileBlocks;
    auto run = std::ranges::upper_bound(runs, begin, {}, [](const RecipeRun& r) { return r.first.value + r.blocks; });
    for (; run != runs.end() && run->first.value < end; ++run) {
      const std::uint64_t from = std::max(begin, run->first.value);
      const std::uint64_t to = std::min(end, run->first.value + run->blocks);
      visit(*run, static_cast<unsigned>(from - begin), static_cast<unsigned>(to - from));
    }
  }

  // The blocks of a tile that only the wire brings.
  BlockMask wire_blocks(std::uint64_t tile) const;
};

}  // namespace jaunt::sync
