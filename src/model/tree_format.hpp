// The layout of a tree file as docs/format.md says it, shared by its writer and its reader.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "base/units.hpp"
#include "model/block.hpp"

namespace jaunt::model {

// A group of 16 blocks that is not zero. Its blocks' ordinals count on from `first_ordinal`.
struct TreeGroup {
  std::uint32_t index = 0;
  std::uint32_t first_ordinal = 0;
  std::uint16_t mask = 0;
  std::uint16_t reserved = 0;
};
static_assert(sizeof(TreeGroup) == 12);

}  // namespace jaunt::model

namespace jaunt::model::tree_format {

inline constexpr std::string_view kMagic = "JAUNTREE";
inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::size_t kFixedHeaderBytes = 160;
inline constexpr std::size_t kSectionEntryBytes = 56;
inline constexpr std::uint64_t kAlignment = 64;
inline constexpr std::uint32_t kKeyedFlag = 1;

// Group indices are 32 bits wide, and so are ordinals.
inline constexpr base::ByteCount kImageBytesMax(256 * base::kTiB);
inline constexpr std::uint64_t kNonzeroBlocksMax = 0xffffffff;
inline constexpr unsigned kLevelsMax = 9;
inline constexpr std::uint64_t kElidedExtentsMax = std::uint64_t{1} << 28;

enum class SectionKind : std::uint32_t {
  groups = 1,
  group_hashes = 2,
  nodes = 3,
  ids = 4,
  first_ordinals = 5,
  ranks = 6,
  elided = 7,
};

// A node of level 2 or above that is not zero.
struct Node {
  std::uint32_t index = 0;
  base::Hash32 hash{};
};
static_assert(sizeof(Node) == 36);

struct ElidedExtent {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

constexpr std::size_t entry_bytes(SectionKind kind) {
  switch (kind) {
    case SectionKind::groups:
      return sizeof(TreeGroup);
    case SectionKind::group_hashes:
      return sizeof(base::Hash32);
    case SectionKind::nodes:
      return sizeof(Node);
    case SectionKind::ids:
      return sizeof(BlockId);
    case SectionKind::first_ordinals:
    case SectionKind::ranks:
      return sizeof(std::uint32_t);
    case SectionKind::elided:
      return sizeof(ElidedExtent);
  }
  return 0;
}

struct Section {
  SectionKind kind{};
  std::uint32_t level = 0;  // of nodes, else 0
  std::uint64_t offset = 0;
  std::uint64_t count = 0;  // of entries
  base::Hash32 hash{};
};

struct Header {
  std::uint64_t file_bytes = 0;
  base::ByteCount image_size;
  std::uint64_t nonzero_blocks = 0;
  std::uint64_t unique_ids = 0;
  std::uint64_t needed_blocks = 0;
  std::uint32_t levels = 0;
  std::uint32_t flags = 0;
  base::Hash32 realm{};
  base::Hash32 root{};
  base::Hash32 carried_root{};
  std::vector<Section> sections;
};

// The kinds and levels that a tree of so many levels has, in the order of the file.
std::vector<Section> empty_sections(unsigned levels);

constexpr std::uint64_t aligned(std::uint64_t offset) {
  return (offset + kAlignment - 1) / kAlignment * kAlignment;
}

constexpr std::size_t header_bytes(std::size_t sections) {
  return kFixedHeaderBytes + sections * kSectionEntryBytes + sizeof(base::Hash32);
}

base::Bytes encode(const Header& header);

// Checks magic, version, checksum and every offset and count against the others and the file's size.
Header decode(base::ByteView file, const std::string& name);

}  // namespace jaunt::model::tree_format
