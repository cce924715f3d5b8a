// The pieces of work of a scan: which parts of an image hold blocks worth looking at.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "disk/image.hpp"
#include "model/block.hpp"
#include "model/extent.hpp"
#include "model/tree_file.hpp"

namespace jaunt::disk {

inline constexpr std::uint64_t kSegmentBlocks = 1024;

// At most 4 MiB of an image, aligned to that. Blocks outside `reads` are zero, or as in the previous tree.
struct Segment {
  model::BlockIndex first;
  std::vector<model::Extent> reads;  // of whole blocks, but for the image's end; ascending, never empty

  base::ByteOffset end() const { return first.offset() + base::ByteCount(kSegmentBlocks * model::kBlockBytes); }
};

// What a scan knows from an earlier one.
class Unchanged {
 public:
  Unchanged() = default;
  Unchanged(const model::TreeView& previous, const model::ExtentSet& dirty, base::ByteCount image_size);

  const model::TreeView* previous() const { return previous_; }
  const model::ExtentSet& dirty() const { return dirty_; }  // whole blocks, beyond the image's end included
  bool covers(model::BlockIndex block) const { return previous_ && !dirty_.contains(block.offset()); }

 private:
  const model::TreeView* previous_ = nullptr;
  model::ExtentSet dirty_;
};

// Hands out an image's segments in ascending order, leaving out those where all is zero. One thread at a time.
class SegmentSource {
 public:
  SegmentSource(const Image& image, const Unchanged& unchanged, base::CancelToken cancel);

  std::optional<Segment> next();

 private:
  std::optional<model::Extent> next_read();
  void find_reads();
  std::optional<std::uint64_t> next_previous_segment() const;

  std::unique_ptr<Reader> reader_;
  std::string image_name_;
  base::ByteCount size_;
  const Unchanged& unchanged_;
  base::CancelToken cancel_;
  std::vector<model::Extent> wanted_;  // to be looked at, whole blocks
  std::size_t current_wanted_ = 0;
  base::ByteOffset at_;               // all before it has been asked for
  std::vector<model::Extent> found_;  // to be read, in descending order
  std::uint64_t next_segment_ = 0;
};

}  // namespace jaunt::disk
