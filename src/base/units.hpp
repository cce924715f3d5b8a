// Byte positions and byte counts that the compiler keeps apart.
#pragma once

#include <compare>
#include <cstdint>

namespace jaunt::base {

// A number of bytes.
struct ByteCount {
  std::uint64_t value = 0;

  constexpr ByteCount() = default;
  constexpr explicit ByteCount(std::uint64_t bytes) : value(bytes) {}

  constexpr auto operator<=>(const ByteCount&) const = default;
  constexpr ByteCount& operator+=(ByteCount other) {
    value += other.value;
    return *this;
  }
  constexpr ByteCount& operator-=(ByteCount other) {
    value -= other.value;
    return *this;
  }
  friend constexpr ByteCount operator+(ByteCount a, ByteCount b) { return ByteCount(a.value + b.value); }
  friend constexpr ByteCount operator-(ByteCount a, ByteCount b) { return ByteCount(a.value - b.value); }
};

// A position in a file, disk or stream, counted from its start.
struct ByteOffset {
  std::uint64_t value = 0;

  constexpr ByteOffset() = default;
  constexpr explicit ByteOffset(std::uint64_t offset) : value(offset) {}

  constexpr auto operator<=>(const ByteOffset&) const = default;
  constexpr ByteOffset& operator+=(ByteCount count) {
    value += count.value;
    return *this;
  }
  friend constexpr ByteOffset operator+(ByteOffset a, ByteCount b) { return ByteOffset(a.value + b.value); }
  friend constexpr ByteCount operator-(ByteOffset a, ByteOffset b) { return ByteCount(a.value - b.value); }
};

inline constexpr std::uint64_t kKiB = 1024;
inline constexpr std::uint64_t kMiB = 1024 * kKiB;
inline constexpr std::uint64_t kGiB = 1024 * kMiB;
inline constexpr std::uint64_t kTiB = 1024 * kGiB;

}  // namespace jaunt::base
