#include "model/extent.hpp"

#include <algorithm>
#include <iterator>

#include "base/error.hpp"

namespace jaunt::model {

namespace {

using base::ByteCount;
using base::ByteOffset;

Extent between(ByteOffset begin, ByteOffset end) {
  return {begin, end - begin};
}

// The first extent that ends after `byte`.
auto first_ending_after(const std::vector<Extent>& extents, ByteOffset byte) {
  return std::partition_point(extents.begin(), extents.end(), [&](const Extent& e) { return e.end() <= byte; });
}

}  // namespace

void ExtentSet::insert(Extent extent) {
  base::invariant(extent.length > ByteCount(0) && extent.end() > extent.offset,
                  "an extent has bytes and does not wrap");
  if (extents_.empty() || extents_.back().end() < extent.offset) {
    extents_.push_back(extent);
    return;
  }
  // Everything that overlaps or touches melts into one.
  const auto first = std::partition_point(extents_.begin(), extents_.end(),
                                          [&](const Extent& e) { return e.end() < extent.offset; });
  const auto last =
      std::partition_point(first, extents_.end(), [&](const Extent& e) { return e.offset <= extent.end(); });
  if (first == last) {
    extents_.insert(first, extent);
    return;
  }
  *first = between(std::min(first->offset, extent.offset), std::max(std::prev(last)->end(), extent.end()));
  extents_.erase(std::next(first), last);
}

void ExtentSet::erase(Extent extent) {
  ExtentSet hole;
  hole.insert(extent);
  *this = minus(hole);
}

bool ExtentSet::contains(ByteOffset byte) const {
  return touches({byte, ByteCount(1)});
}

bool ExtentSet::covers(Extent extent) const {
  const auto found = first_ending_after(extents_, extent.offset);
  return found != extents_.end() && found->offset <= extent.offset && found->end() >= extent.end();
}

bool ExtentSet::touches(Extent extent) const {
  const auto found = first_ending_after(extents_, extent.offset);
  return found != extents_.end() && found->offset < extent.end();
}

ByteCount ExtentSet::total() const {
  ByteCount sum;
  for (const Extent& extent : extents_)
    sum += extent.length;
  return sum;
}

ExtentSet ExtentSet::aligned_inward(ByteCount unit) const {
  ExtentSet result;
  for (const Extent& extent : extents_) {
    const ByteOffset begin((extent.offset.value + unit.value - 1) / unit.value * unit.value);
    const ByteOffset end(extent.end().value / unit.value * unit.value);
    if (begin < end)
      result.insert(between(begin, end));
  }
  return result;
}

ExtentSet ExtentSet::minus(const ExtentSet& other) const {
  ExtentSet result;
  auto cut = other.extents_.begin();
  for (const Extent& extent : extents_) {
    ByteOffset begin = extent.offset;
    while (cut != other.extents_.end() && cut->end() <= begin)
      ++cut;
    for (auto next = cut; next != other.extents_.end() && next->offset < extent.end(); ++next) {
      if (begin < next->offset)
        result.insert(between(begin, next->offset));
      begin = std::max(begin, next->end());
    }
    if (begin < extent.end())
      result.insert(between(begin, extent.end()));
  }
  return result;
}

ExtentSet ExtentSet::intersection(const ExtentSet& other) const {
  ExtentSet result;
  auto a = extents_.begin();
  auto b = other.extents_.begin();
  while (a != extents_.end() && b != other.extents_.end()) {
    const ByteOffset begin = std::max(a->offset, b->offset);
    const ByteOffset end = std::min(a->end(), b->end());
    if (begin < end)
      result.insert(between(begin, end));
    if (a->end() < b->end())
      ++a;
    else
      ++b;
  }
  return result;
}

ExtentSet ExtentSet::shifted(ByteCount by) const {
  ExtentSet result;
  for (const Extent& extent : extents_)
    result.insert({extent.offset + by, extent.length});
  return result;
}

}  // namespace jaunt::model
