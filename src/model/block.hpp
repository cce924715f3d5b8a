// Blocks: 4 KiB of a disk or of memory at a 4 KiB boundary, and the ids by which they are matched.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "base/units.hpp"

namespace jaunt::model {

inline constexpr std::uint64_t kBlockBytes = 4096;

// Number of a block within an image, counted from 0.
struct BlockIndex {
  std::uint64_t value = 0;

  constexpr BlockIndex() = default;
  constexpr explicit BlockIndex(std::uint64_t index) : value(index) {}
  constexpr auto operator<=>(const BlockIndex&) const = default;

  constexpr base::ByteOffset offset() const { return base::ByteOffset(value * kBlockBytes); }
};

// How many blocks an image of this size has; the last one may be partial.
constexpr std::uint64_t block_count(base::ByteCount size) {
  return size.value / kBlockBytes + (size.value % kBlockBytes != 0 ? 1 : 0);
}

// The first 16 bytes of SHA-256 of the block, or of a realm's key followed by the block. The zero block has none.
struct BlockId {
  std::array<std::byte, 16> bytes{};

  auto operator<=>(const BlockId&) const = default;
};

bool is_zero(base::ByteView bytes);

// The secret of a keyed realm; the default realm has none.
using RealmKey = std::array<std::byte, 32>;

// Computes ids within one realm. One per thread.
class BlockHasher {
 public:
  explicit BlockHasher(std::optional<RealmKey> key = std::nullopt) : key_(key) {}

  // `block` is at most 4096 bytes; a shorter one, the last of a disk, counts as zero-padded. nullopt is the zero
  // block.
  std::optional<BlockId> id_of(base::ByteView block);
  // Of several blocks one behind another, the last of which may be shorter; faster than one by one.
  void ids_of(base::ByteView blocks, std::span<std::optional<BlockId>> ids);

 private:
  base::ByteView message(base::ByteView block, base::Bytes& scratch) const;

  std::optional<RealmKey> key_;
  std::array<base::Bytes, 2> scratch_;
  base::Sha256 sha_;
};

std::string to_hex(const BlockId& id);

}  // namespace jaunt::model

template <>
struct std::hash<jaunt::model::BlockId> {
  std::size_t operator()(const jaunt::model::BlockId& id) const noexcept {
    std::size_t value;  // ids are uniform already
    std::memcpy(&value, id.bytes.data(), sizeof value);
    return value;
  }
};
