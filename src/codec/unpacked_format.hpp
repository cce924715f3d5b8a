// The head of an unpacked archive: how its content is put together and packed again. docs/format.md has its bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "base/units.hpp"

namespace jaunt::codec {

inline constexpr std::uint64_t kUnpackedAlignment = 4096;
inline constexpr std::uint64_t kUnpackedHeadMax = 16 * base::kMiB;
inline constexpr std::uint64_t kPackedBytesMax = base::kGiB;
inline constexpr std::uint64_t kPlainBytesMax = 4 * base::kGiB;
inline constexpr std::size_t kSectionsMax = 16;
inline constexpr std::size_t kUnpackedPrefix = 16;  // of the head, that say how long it is

// Plain bytes as they follow one another: some that lie with others of their kind, then some that begin at a block.
struct UnpackedPiece {
  std::uint32_t glue = 0;
  std::uint32_t own = 0;

  bool operator==(const UnpackedPiece&) const = default;
};

// A part of an archive, packed by itself.
struct UnpackedSection {
  std::string encoder;  // empty: its bytes are as they are
  base::Bytes head;     // before what the encoder makes
  std::vector<UnpackedPiece> pieces;

  std::uint64_t glue_bytes() const;
  std::uint64_t plain_bytes() const;
  bool operator==(const UnpackedSection&) const = default;
};

struct UnpackedHead {
  base::ByteCount packed;  // what is made of it
  base::Hash32 packed_hash{};
  std::vector<UnpackedSection> sections;

  bool operator==(const UnpackedHead&) const = default;
};

base::Bytes encode(const UnpackedHead& head);

// Of the first kUnpackedPrefix bytes. Both throw only corrupt, unsupported or limit.
std::size_t unpacked_head_bytes(base::ByteView prefix);
UnpackedHead decode_unpacked_head(base::ByteView head);

constexpr std::uint64_t aligned(std::uint64_t bytes) {
  return (bytes + kUnpackedAlignment - 1) / kUnpackedAlignment * kUnpackedAlignment;
}

}  // namespace jaunt::codec
