// Blocks of which the other side has a former version, as deltas: the source's part.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "transport/messages.hpp"

namespace jaunt::sync {

// What an answer has to bring, before it is compressed.
struct PieceContent {
  base::Bytes bytes;
  std::vector<std::uint32_t> deltas = {};  // see transport::Blocks
};

// `blocks` are what was asked for. A tile that is hardly smaller as a delta stays as it is.
PieceContent with_deltas(const transport::AskBlocks& ask, base::Bytes blocks);

}  // namespace jaunt::sync
