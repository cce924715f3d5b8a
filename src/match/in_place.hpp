// What a candidate has at the very places where an image needs it.
#pragma once

#include <cstdint>

#include "match/candidate.hpp"
#include "model/extent.hpp"

namespace jaunt::match {

// How many needed blocks the candidate shows at the very place where the image has them, upper layers hiding lower
// ones. An estimate where an upper layer hides blocks under zeros.
std::uint64_t in_place_blocks(const model::TreeView& wanted, const model::ExtentSet& elided, Layers layers,
                              const Candidate& candidate);

}  // namespace jaunt::match
