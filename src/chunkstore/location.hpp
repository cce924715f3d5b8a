// Where a block lies in the packs, in the eight bytes that the index has for it.
#pragma once

#include <cstdint>

namespace jaunt::chunkstore {

// From the most significant bit: 24 bits of the pack's number, 24 of the group's offset in units of 64 bytes, 10 of
// the group's length in KiB (rounded up, so that one read fetches it), 6 of the block's slot in the group.
struct Location {
  std::uint64_t bits = 0;

  static constexpr std::uint32_t kPackMax = (1U << 24) - 1;
  static constexpr std::uint64_t kOffsetUnit = 64;
  static constexpr std::uint64_t kOffsetMax = kOffsetUnit << 24;

  static constexpr Location of(std::uint32_t pack, std::uint64_t offset, std::uint64_t group_bytes, unsigned slot) {
    return {std::uint64_t{pack} << 40 | (offset / kOffsetUnit) << 16 | (group_bytes + 1023) / 1024 << 6 | slot};
  }

  constexpr std::uint32_t pack() const { return static_cast<std::uint32_t>(bits >> 40); }
  constexpr std::uint64_t offset() const { return (bits >> 16 & 0xffffff) * kOffsetUnit; }
  constexpr std::uint64_t group_bytes_max() const { return (bits >> 6 & 0x3ff) * 1024; }
  constexpr unsigned slot() const { return bits & 0x3f; }

  // The same for all blocks of a group, and ascending with its place.
  constexpr std::uint64_t group() const { return bits >> 16; }

  auto operator<=>(const Location&) const = default;
};

}  // namespace jaunt::chunkstore
