#include "match/overlap.hpp"

#include "match/coverage.hpp"

namespace jaunt::match {

Overlap overlap(const model::TreeView& wanted, const model::ExtentSet& elided,
                std::span<const model::TreeView* const> held) {
  const Needs needs(wanted, elided);
  const Coverage all = coverage(needs, held, {});
  return {.needed_blocks = needs.blocks(), .found_blocks = all.together, .missing_ids = all.missing_ids};
}

}  // namespace jaunt::match
