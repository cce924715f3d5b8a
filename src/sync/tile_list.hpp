// The proved hashes of a disk's tiles: what a target is compared with, wherever its bytes came from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/units.hpp"
#include "model/block_tree.hpp"

namespace jaunt::sync {

// A tile is what lies below a node of this level.
constexpr unsigned tile_level(unsigned tree_levels) {
  return tree_levels == 1 ? 1 : 2;
}

// As it lies in the file: docs/format.md.
struct TileHash {
  std::uint64_t tile = 0;
  base::Hash32 hash{};
};
static_assert(sizeof(TileHash) == 40);

// Writes one, in memory that does not grow with the disk. The file is the caller's.
class TileListWriter {
 public:
  explicit TileListWriter(const base::File& file) : file_(file) {}

  void add(std::uint64_t tile, const base::Hash32& hash);  // ascending
  void finish();

 private:
  const base::File& file_;
  base::ByteOffset end_;
  base::Bytes pending_;
};

// Reads one. Any thread.
class TileList {
 public:
  // Throws corrupt where it cannot be one of a disk of this size, or does not give this root.
  TileList(const std::filesystem::path& path, base::ByteCount size, const base::Hash32& carried_root);

  std::span<const TileHash> tiles() const { return tiles_; }  // those that are not zero, ascending
  const base::Hash32& hash(std::uint64_t tile) const;         // kZeroNode of one that is zero
  unsigned level() const { return level_; }

 private:
  base::MappedFile file_;
  std::span<const TileHash> tiles_;
  unsigned level_ = 2;
};

}  // namespace jaunt::sync
