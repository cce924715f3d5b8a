// Blocks of one tile.
#pragma once

#include <bitset>

#include "transport/messages.hpp"

namespace jaunt::sync {

using BlockMask = std::bitset<transport::kTileBlocks>;

inline constexpr std::size_t kTileBytes = transport::kTileBlocks * model::kBlockBytes;

inline transport::TileBlocks tile_blocks(std::uint64_t tile, const BlockMask& mask) {
  transport::TileBlocks blocks{tile, {}};
  for (unsigned i = 0; i < transport::kTileBlocks; ++i)
    if (mask[i])
      blocks.groups[i / model::kFanout] |= static_cast<std::uint16_t>(1U << i % model::kFanout);
  return blocks;
}

}  // namespace jaunt::sync
