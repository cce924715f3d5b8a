// A part of the store's index: ids in ascending order, each with its place, in a file that is written once and
// mapped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "base/hash.hpp"
#include "chunkstore/location.hpp"
#include "model/block.hpp"

namespace jaunt::chunkstore {

struct IndexEntry {
  model::BlockId id;
  Location location;
};
static_assert(sizeof(IndexEntry) == 24 && alignof(IndexEntry) == 8);

namespace segment_format {
inline constexpr std::string_view kMagic = "JAUNTIDX";
inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::size_t kHeaderBytes = 64;
}  // namespace segment_format

// Open for looking up. Any thread. The file may be unlinked meanwhile.
class IndexSegment {
 public:
  // Throws corrupt or unsupported when the header is not that of a file of this length.
  explicit IndexSegment(const std::filesystem::path& path);

  std::span<const IndexEntry> entries() const { return entries_; }
  std::optional<Location> find(const model::BlockId& id) const;
  // The position of the first entry whose id is not less.
  std::size_t lower_bound(const model::BlockId& id) const;
  // Throws corrupt when the checksum or the order is not right.
  void verify() const;

 private:
  base::MappedFile file_;
  std::string name_;
  std::span<const IndexEntry> entries_;
};

// Writes a segment from the front to the back, with a buffer of 1 MiB. The file is nobody's until a manifest names
// it.
class SegmentWriter {
 public:
  explicit SegmentWriter(const std::filesystem::path& path);

  void append(const IndexEntry& entry);  // ascending, distinct
  std::uint64_t entries() const { return count_; }
  void finish();  // durable when it returns, but for its name

 private:
  void flush();

  base::File file_;
  base::Bytes buffer_;
  base::Sha256 sha_;
  std::uint64_t count_ = 0;
  std::uint64_t written_ = segment_format::kHeaderBytes;
};

// Several lists of entries as one, ascending by id; of equal ids, that of the earliest list counts.
class MergedEntries {
 public:
  explicit MergedEntries(std::vector<std::span<const IndexEntry>> lists) : lists_(std::move(lists)) {}

  // nullptr at the end.
  const IndexEntry* next();

 private:
  std::vector<std::span<const IndexEntry>> lists_;
};

}  // namespace jaunt::chunkstore
