// Walking through ascending ids side by side.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "model/block.hpp"

namespace jaunt::chunkstore {

// The first 64 bits of an id as a number of the same order.
inline std::uint64_t head_of(const model::BlockId& id) {
  std::uint64_t head;
  std::memcpy(&head, id.bytes.data(), sizeof head);
  return __builtin_bswap64(head);
}

// The same order as that of their bytes, without a call.
inline bool before(const model::BlockId& a, const model::BlockId& b) {
  const std::uint64_t x = head_of(a);
  const std::uint64_t y = head_of(b);
  return x != y ? x < y : a < b;
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

// Calls found(i, j) for every a[i] == b[j]; both ascend. Takes time by the shorter of the two.
template <typename Found>
void intersect(std::span<const model::BlockId> a, std::span<const model::BlockId> b, const Found& found) {
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (a[i] == b[j])
      found(i++, j++);
    else if (before(a[i], b[j]))
      i = gallop(i + 1, a.size(), [&](std::size_t k) { return before(a[k], b[j]); });
    else
      j = gallop(j + 1, b.size(), [&](std::size_t k) { return before(b[k], a[i]); });
  }
}

}  // namespace jaunt::chunkstore
