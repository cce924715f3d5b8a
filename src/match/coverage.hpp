// Exactly what candidates hold of an image whose ids are known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "match/candidate.hpp"
#include "match/needs.hpp"

namespace jaunt::match {

struct Coverage {
  std::vector<std::uint64_t> candidates;  // of each: how many needed blocks it holds, at whatever place
  std::uint64_t together = 0;             // how many needed blocks all layers hold together
  std::uint64_t missing_ids = 0;          // distinct needed ids that none of them holds
};

// Each layer is merged once. `layers` may hold some that no candidate has; they count for what all hold together.
// Memory: a bit for each of 2^13 ids, layer and candidate, whatever the image's size. Layers of another realm are
// refused. Ids may also be counted batch by batch, as a comparison finds them: blocks add up.
Coverage coverage(const Needs& needs, Layers layers, std::span<const Candidate> candidates);

// Which of the needed ids the layers hold, as bits by rank; a Source's answers are marked in the same form.
std::vector<bool> held_ids(const Needs& needs, Layers layers);

}  // namespace jaunt::match
