// Blocks that both sides hold, by which those that cross can be compressed.
#pragma once

#include "base/bytes.hpp"
#include "sync/block_mask.hpp"
#include "sync/recipe.hpp"
#include "sync/source_readers.hpp"

namespace jaunt::sync {

// One thread; the recipe outlives it.
class SharedBlocks {
 public:
  struct OfTile {
    BlockMask blocks;
    base::Bytes content;  // of those, one behind another
  };

  explicit SharedBlocks(const Recipe& recipe) : recipe_(recipe), readers_(recipe.sources) {}

  // Of this tile, so many at most: each is what its id says.
  OfTile read(std::uint64_t tile, std::size_t blocks_max);

 private:
  bool read(const Spot& spot, std::span<std::byte, model::kBlockBytes> into);

  const Recipe& recipe_;
  SourceReaders readers_;
  model::BlockHasher hasher_;
};

}  // namespace jaunt::sync
