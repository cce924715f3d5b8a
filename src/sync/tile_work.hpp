// What of a tile the wire has to bring, and what it has brought.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "sync/block_mask.hpp"

namespace jaunt::sync {

// Blocks of one tile that have to come over the wire.
struct WireWant {
  std::uint64_t tile = 0;
  BlockMask blocks;
  bool whole = false;  // not as a delta: it came as one, and was wrong
};

// A tile and what the wire has brought of it.
struct TileWork {
  std::uint64_t tile = 0;
  BlockMask from_wire;
  base::Bytes wire;    // those blocks, in order
  bool delta = false;  // they were made by one
};

}  // namespace jaunt::sync
