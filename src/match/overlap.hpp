// How much of one image others hold already.
#pragma once

#include <cstdint>
#include <span>

#include "base/units.hpp"
#include "model/extent.hpp"
#include "model/tree_file.hpp"

namespace jaunt::match {

struct Overlap {
  std::uint64_t needed_blocks = 0;  // non-zero and not elided
  std::uint64_t found_blocks = 0;   // of these, what some block of the others equals, at whatever place
  std::uint64_t missing_ids = 0;    // distinct ids of the rest: what would have to come from elsewhere

  base::ByteCount needed() const { return base::ByteCount(needed_blocks * model::kBlockBytes); }
  base::ByteCount found() const { return base::ByteCount(found_blocks * model::kBlockBytes); }
  base::ByteCount missing() const { return base::ByteCount(missing_ids * model::kBlockBytes); }

  bool operator==(const Overlap&) const = default;
};

// Of what `wanted` needs without its elided extents, how much lies in the union of `held`. All are of one realm;
// others are refused as incompatible. Needs a byte of memory for each distinct id of `wanted`.
Overlap overlap(const model::TreeView& wanted, const model::ExtentSet& elided,
                std::span<const model::TreeView* const> held);

}  // namespace jaunt::match
