// Ascending ids: as numbers, ahead in them by leaps, and side by side.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/bytes.hpp"
#include "model/block.hpp"

namespace jaunt::model {

// The first 64 bits of an id, and the other 64, as numbers of the same order.
inline std::uint64_t head_of(const BlockId& id) {
  return __builtin_bswap64(base::load_le<std::uint64_t>(std::span(id.bytes)));
}
inline std::uint64_t tail_of(const BlockId& id) {
  return __builtin_bswap64(base::load_le<std::uint64_t>(std::span(id.bytes).last<8>()));
}

// As < and ==, which g++ makes a call and a loop over bytes.
inline bool before(const BlockId& a, const BlockId& b) {
  const std::uint64_t x = head_of(a);
  const std::uint64_t y = head_of(b);
  return x != y ? x < y : tail_of(a) < tail_of(b);
}
inline bool same(const BlockId& a, const BlockId& b) {
  return std::memcmp(a.bytes.data(), b.bytes.data(), sizeof a.bytes) == 0;
}

// The first position from `from` on of which `is_before` does not hold, looked for in steps that double: cheap where
// it is near, logarithmic where it is far.
template <typename IsBefore>
std::size_t gallop(std::size_t from, std::size_t size, const IsBefore& is_before) {
  std::size_t low = from;
  std::size_t step = 1;
  for (; low + step <= size && is_before(low + step - 1); step *= 2)
    low += step;
  std::size_t high = std::min(size, low + step - 1);
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (is_before(middle))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

// The first position from `from` on whose id does not begin with less.
inline std::size_t gallop_to(std::span<const BlockId> ids, std::size_t from, std::uint64_t head) {
  return gallop(from, ids.size(), [&](std::size_t at) { return head_of(ids[at]) < head; });
}

// Calls found(i, j) for every a[i] == b[j]; both ascend. Takes time by the shorter of the two.
template <typename Found>
void intersect(std::span<const BlockId> a, std::span<const BlockId> b, const Found& found) {
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (same(a[i], b[j]))
      found(i++, j++);
    else if (before(a[i], b[j]))
      i = gallop(i + 1, a.size(), [&](std::size_t k) { return before(a[k], b[j]); });
    else
      j = gallop(j + 1, b.size(), [&](std::size_t k) { return before(b[k], a[i]); });
  }
}

}  // namespace jaunt::model
