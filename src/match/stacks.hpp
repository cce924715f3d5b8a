// Candidates' stacks of layers as one tree that grows from the lowest layers up: what clones share is one branch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "match/candidate.hpp"

namespace jaunt::match {

struct Stacks {
  static constexpr std::uint32_t kNone = 0xffffffff;

  // A layer on all that lies below it.
  struct Node {
    std::uint32_t below = kNone;  // another node, which comes earlier
    std::uint32_t layer = 0;
  };

  std::vector<Node> nodes;
  std::vector<std::uint32_t> tops;  // of each candidate; kNone when it has no layers

  Stacks(std::span<const Candidate> candidates, std::size_t layers);
};

}  // namespace jaunt::match
