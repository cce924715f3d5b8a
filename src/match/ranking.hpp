// Candidates ranked by samples: nothing is known of the wanted image but these.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "match/candidate.hpp"
#include "match/samples.hpp"

namespace jaunt::match {

// What a candidate probably holds of the needed blocks, as a share from 0 to 1.
struct Ranked {
  std::size_t candidate = 0;  // index into those that were ranked
  double share = 0;
  double error = 0;  // the truth lies within share ± error in all but one of 10,000 cases
};

struct Ranking {
  std::vector<Ranked> order;   // best first
  std::size_t contenders = 0;  // the first so many of them are too close to be told apart: count them exactly
  Ranked together;             // everything that is here; its `candidate` means nothing
};

// Each layer is merged once, however many candidates have it. Layers of another realm are refused as incompatible.
Ranking rank(const Samples& samples, Layers layers, std::span<const Candidate> candidates);

}  // namespace jaunt::match
