// The bytes of a pack as docs/format.md says them: a header, then groups of blocks, each of which stands by itself.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "model/block.hpp"

namespace jaunt::chunkstore::pack_format {

inline constexpr std::string_view kMagic = "JAUNPACK";
inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::size_t kHeaderBytes = 128;
inline constexpr std::size_t kRealmNameBytesMax = 48;

inline constexpr std::string_view kGroupMagic = "JGRP";
inline constexpr std::size_t kGroupHeaderBytes = 32;
inline constexpr std::size_t kGroupBlocksMax = 64;
inline constexpr std::uint64_t kAlignment = 64;
inline constexpr std::size_t kGroupBytesMax =
    kGroupHeaderBytes + kGroupBlocksMax * (sizeof(model::BlockId) + model::kBlockBytes);

enum class Coding : std::uint8_t { plain = 0, zstd = 1 };

struct PackHeader {
  std::uint32_t number = 0;
  base::Hash32 realm_fingerprint{};  // as model::realm_fingerprint() makes it: zeros without a key
  std::string realm;

  bool operator==(const PackHeader&) const = default;
};

base::Bytes encode(const PackHeader& header);
PackHeader decode_header(base::ByteView bytes);  // throws corrupt or unsupported

// A group in memory. It points into the bytes it was made from.
struct GroupView {
  Coding coding{};
  std::span<const model::BlockId> ids;
  base::ByteView payload;
  std::size_t bytes = 0;  // of all of it, without the zeros up to the next group

  std::size_t content_bytes() const { return ids.size() * model::kBlockBytes; }
};

constexpr std::uint64_t aligned(std::uint64_t offset) {
  return (offset + kAlignment - 1) / kAlignment * kAlignment;
}

// The header and ids of a group whose payload of so many bytes is to be appended; seal_group() completes it.
void begin_group(base::Bytes& out, std::span<const model::BlockId> ids);
void seal_group(base::Bytes& group, Coding coding);

// The group that `bytes`, which may be longer, begin with; all lengths checked, the checksum not. Throws corrupt.
GroupView parse_group(base::ByteView bytes);
// Throws corrupt when the checksum is not that of the bytes.
void check_sum(base::ByteView bytes, const GroupView& group);

}  // namespace jaunt::chunkstore::pack_format
