// Both sides in one process: every message is encoded, counted, and decoded again.
#pragma once

#include <cstdint>

#include "base/units.hpp"
#include "sync/destination_side.hpp"
#include "sync/source_side.hpp"

namespace jaunt::sync {

// What a protocol's own messages cost, without the frames of a link.
struct Traffic {
  base::ByteCount asked;     // from the destination to the source
  base::ByteCount answered;  // from the source to the destination
  std::uint64_t messages = 0;
  std::uint64_t round_trips = 0;  // how often the destination had asked all it could and had to wait

  base::ByteCount total() const { return asked + answered; }
};

// Delivers these questions, and those that follow from the answers, until all are answered.
void converse(DestinationSide& destination, SourceSide& source, DestinationSide::Messages questions,
              Traffic& traffic);

}  // namespace jaunt::sync
