// What a comparison finds: from where each block of the target can be had, as runs in the order of the disk.
#pragma once

#include <cstdint>
#include <functional>

#include "base/hash.hpp"
#include "model/block.hpp"
#include "model/block_tree.hpp"
#include "sync/lookup.hpp"

namespace jaunt::sync {

enum class Origin : std::uint8_t {
  zero,   // reads as zero: it is, or it is elided
  base,   // the base has the same block at the same place
  local,  // one of the sources has it at `spot`
  wire,   // nothing here has it
};

struct Run {
  model::BlockIndex first;
  std::uint64_t blocks = 0;
  Origin origin = Origin::zero;
  Spot spot;  // of the first block, the others lie behind it; for `local` only

  bool operator==(const Run&) const = default;
};

// Receives the findings of one disk while they are made: every block once, in order.
struct Findings {
  std::function<void(const Run&)> run;
  // A node below which blocks come over the wire. Its hash is proved up to the carried root; what was found below it
  // agrees with what the source says, and is proved with the wire's blocks by this hash when they are there.
  // Ascending; everything else is proved already. May be left empty.
  std::function<void(model::NodePlace, const base::Hash32&)> awaiting;
  // Every tile that is not zero, ascending, and its hash, which is proved up to the carried root. May be left empty.
  std::function<void(std::uint64_t, const base::Hash32&)> tile = {};
};

// Puts neighbouring pieces together.
class RunMerger {
 public:
  explicit RunMerger(std::function<void(const Run&)> sink) : sink_(std::move(sink)) {}

  // Pieces follow one another without a gap.
  void add(std::uint64_t blocks, Origin origin, const Spot& spot = {});
  void finish();
  model::BlockIndex next() const { return model::BlockIndex(pending_.first.value + pending_.blocks); }

 private:
  std::function<void(const Run&)> sink_;
  Run pending_;
};

}  // namespace jaunt::sync
