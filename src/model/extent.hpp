// Ranges of bytes, and sets of them.
#pragma once

#include <compare>
#include <utility>
#include <vector>

#include "base/units.hpp"

namespace jaunt::model {

// A non-empty range of bytes.
struct Extent {
  base::ByteOffset offset;
  base::ByteCount length;

  auto operator<=>(const Extent&) const = default;
  base::ByteOffset end() const { return offset + length; }
};

// A set of bytes, kept as sorted extents that neither overlap nor touch. A value.
class ExtentSet {
 public:
  ExtentSet() = default;

  // Amortised constant when extents come in ascending order, else linear in the number of extents.
  void insert(Extent extent);
  void erase(Extent extent);

  bool contains(base::ByteOffset byte) const;
  bool covers(Extent extent) const;   // every byte of it
  bool touches(Extent extent) const;  // any byte of it
  bool empty() const { return extents_.empty(); }
  base::ByteCount total() const;

  // Only the whole units of `unit` bytes that lie inside; what a block-wise reader may use.
  ExtentSet aligned_inward(base::ByteCount unit) const;
  ExtentSet minus(const ExtentSet& other) const;
  ExtentSet intersection(const ExtentSet& other) const;
  ExtentSet shifted(base::ByteCount by) const;

  const std::vector<Extent>& extents() const& { return extents_; }
  std::vector<Extent> extents() && { return std::move(extents_); }  // a range-for may walk a temporary's
  bool operator==(const ExtentSet&) const = default;

 private:
  std::vector<Extent> extents_;
};

}  // namespace jaunt::model
