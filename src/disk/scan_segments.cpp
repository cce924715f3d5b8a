#include "disk/scan_segments.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace jaunt::disk {

namespace {

using base::ByteCount;
using base::ByteOffset;
using model::Extent;
using model::kBlockBytes;

constexpr std::uint64_t kSegmentBytes = kSegmentBlocks * kBlockBytes;
constexpr std::uint64_t kEverywhere = std::numeric_limits<std::uint64_t>::max() / kBlockBytes * kBlockBytes;

Extent between(std::uint64_t begin, std::uint64_t end) {
  return {ByteOffset(begin), ByteCount(end - begin)};
}

Extent aligned_outward(const Extent& extent) {
  const std::uint64_t begin = extent.offset.value / kBlockBytes * kBlockBytes;
  return between(begin, begin + model::block_count(extent.end() - ByteOffset(begin)) * kBlockBytes);
}

}  // namespace

Unchanged::Unchanged(const model::TreeView& previous, const model::ExtentSet& dirty, ByteCount image_size)
    : previous_(&previous) {
  model::ExtentSet everywhere;
  everywhere.insert(between(0, kEverywhere));
  const model::ExtentSet bounded = dirty.intersection(everywhere);
  for (const Extent& extent : bounded.extents())
    dirty_.insert(aligned_outward(extent));
  // The block in which either image ends is padded differently in the other.
  if (previous.size() != image_size) {
    const std::uint64_t end = std::min(previous.size(), image_size).value / kBlockBytes * kBlockBytes;
    dirty_.insert(between(end, kEverywhere));
  }
}

SegmentSource::SegmentSource(const Image& image, const Unchanged& unchanged, base::CancelToken cancel)
    : reader_(image.reader()),
      image_name_(image.name()),
      size_(image.size()),
      unchanged_(unchanged),
      cancel_(std::move(cancel)) {
  model::ExtentSet all;
  if (size_ > ByteCount(0))
    all.insert({ByteOffset(0), size_});
  if (unchanged.previous())
    all = all.intersection(unchanged.dirty());
  wanted_ = all.extents();
}

std::optional<Segment> SegmentSource::next() {
  std::optional<Extent> read = next_read();
  const std::optional<std::uint64_t> previous = next_previous_segment();
  if (!read && !previous)
    return std::nullopt;
  const std::uint64_t index = std::min(read ? read->offset.value / kSegmentBytes : *previous,
                                       previous.value_or(std::numeric_limits<std::uint64_t>::max()));
  Segment segment{model::BlockIndex(index * kSegmentBlocks), {}};
  for (; read && read->offset < segment.end(); read = next_read()) {
    const ByteOffset end = std::min(read->end(), segment.end());
    segment.reads.push_back(between(read->offset.value, end.value));
    if (end < read->end())
      found_.push_back(between(end.value, read->end().value));
  }
  if (read)
    found_.push_back(*read);
  next_segment_ = index + 1;
  return segment;
}

std::optional<Extent> SegmentSource::next_read() {
  if (found_.empty())
    find_reads();
  if (found_.empty())
    return std::nullopt;
  const Extent extent = found_.back();
  found_.pop_back();
  return extent;
}

void SegmentSource::find_reads() {
  while (found_.empty() && current_wanted_ < wanted_.size()) {
    cancel_.check();
    const Extent& wanted = wanted_[current_wanted_];
    at_ = std::max(at_, wanted.offset);
    if (at_ >= wanted.end()) {
      ++current_wanted_;
      continue;
    }
    model::ExtentSet data;         // a block of which any byte may be non-zero is read whole
    const ByteOffset begin = at_;  // within a block where the last allocation ended in one, as zeros
    for (const Allocation& allocation : reader_->allocation(at_, wanted.end() - at_)) {
      at_ = allocation.extent.end();
      if (!allocation.zero)
        data.insert(aligned_outward(allocation.extent));
    }
    base::invariant(at_ > begin, "allocation advances");
    for (const Extent& extent : data.extents()) {
      const ByteOffset end = std::min({extent.end(), wanted.end(), ByteOffset(size_.value)});
      found_.push_back(between(extent.offset.value, end.value));
      at_ = std::max(at_, end);
    }
    std::ranges::reverse(found_);
  }
}

// The first segment from here on in which the earlier tree has blocks.
std::optional<std::uint64_t> SegmentSource::next_previous_segment() const {
  if (!unchanged_.previous())
    return std::nullopt;
  constexpr std::uint64_t groups_per_segment = kSegmentBlocks / model::kFanout;
  const model::TreeView& previous = *unchanged_.previous();
  const std::size_t at = previous.first_group_at(next_segment_ * groups_per_segment);
  if (at == previous.groups().size())
    return std::nullopt;
  const std::uint64_t segment = previous.groups()[at].index / groups_per_segment;
  if (segment < next_segment_)
    throw base::Error(base::ErrorKind::corrupt, "use the earlier block tree of", image_name_,
                      "its groups are out of order", "scan the whole image");
  return segment * kSegmentBytes < size_.value ? std::optional(segment) : std::nullopt;
}

}  // namespace jaunt::disk
