// What a candidate has at the very places where an image needs it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "match/candidate.hpp"
#include "model/extent.hpp"

namespace jaunt::match {

// Counts while an image's groups come by in ascending order. Upper layers hide lower ones; an estimate where one
// hides blocks under zeros, which its tree does not tell. The trees outlive it.
class InPlaceCounter {
 public:
  InPlaceCounter(Layers layers, const Candidate& candidate);

  // The needed blocks of a group are the bits of `mask`; each one's id lies at its place.
  void add_group(std::uint64_t group, std::uint16_t mask, const std::array<model::BlockId, model::kFanout>& ids);

  std::uint64_t blocks() const { return blocks_; }

 private:
  struct Cursor {
    const model::TreeView* tree = nullptr;
    std::size_t at = 0;  // in its groups
  };

  std::vector<Cursor> layers_;  // top first
  std::uint64_t blocks_ = 0;
};

// The same of an image whose tree is at hand.
std::uint64_t in_place_blocks(const model::TreeView& wanted, const model::ExtentSet& elided, Layers layers,
                              const Candidate& candidate);

}  // namespace jaunt::match
