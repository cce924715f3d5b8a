// Raw bytes: owning, borrowed, and integers in little-endian order.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace jaunt::base {

static_assert(std::endian::native == std::endian::little, "formats are little-endian and read in place");

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

inline ByteView as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// `bytes` must hold sizeof(Integer) bytes; no alignment is asked for.
template <std::integral Integer>
Integer load_le(ByteView bytes) {
  Integer value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

template <std::integral Integer>
void append_le(Bytes& out, Integer value) {
  const auto view = std::as_bytes(std::span(&value, 1));
  out.insert(out.end(), view.begin(), view.end());
}

}  // namespace jaunt::base
