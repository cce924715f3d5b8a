// Sorted ids as numbers, and jumping ahead in them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "model/tree_file.hpp"

namespace jaunt::match {

// The first 64 bits; they order ids as their bytes do.
inline std::uint64_t key_of(const model::BlockId& id) {
  return __builtin_bswap64(base::load_le<std::uint64_t>(std::span(id.bytes)));
}

// The other 64 bits, which order ids of one key.
inline std::uint64_t low_key_of(const model::BlockId& id) {
  return __builtin_bswap64(base::load_le<std::uint64_t>(std::span(id.bytes).last<8>()));
}

// As ==, which g++ makes a loop over bytes.
inline bool same(const model::BlockId& a, const model::BlockId& b) {
  return std::memcmp(a.bytes.data(), b.bytes.data(), sizeof a.bytes) == 0;
}

// The first position from `from` on whose id is not `before` what is looked for. Costs the logarithm of the distance.
template <typename Before>
std::size_t jump(std::span<const model::BlockId> ids, std::size_t from, const Before& before) {
  std::size_t low = from;
  for (std::size_t step = 1; from < ids.size() && before(ids[from]); step *= 2) {
    low = from + 1;
    from += step;
  }
  const auto range = ids.subspan(low, std::min(from, ids.size()) - low);
  return low + static_cast<std::size_t>(std::ranges::partition_point(range, before) - range.begin());
}

inline std::size_t jump_to(std::span<const model::BlockId> ids, std::size_t from, std::uint64_t key) {
  return jump(ids, from, [key](const model::BlockId& id) { return key_of(id) < key; });
}

inline void refuse_other_realms(const base::Hash32& realm, std::span<const model::TreeView* const> layers) {
  for (const model::TreeView* const layer : layers)
    if (layer->realm() != realm)
      throw base::Error(base::ErrorKind::incompatible, "compare", "block trees", "they are of different realms");
}

}  // namespace jaunt::match
