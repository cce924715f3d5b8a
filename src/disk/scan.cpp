#include "disk/scan.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "disk/scan_segments.hpp"
#include "model/tree_writer.hpp"

namespace jaunt::disk {

namespace {

using base::ByteCount;
using base::ByteOffset;
using model::BlockId;
using model::kBlockBytes;
using model::kFanout;

// Small enough that a piece is hashed while it still lies in the core's cache, large enough that the system calls
// do not count.
constexpr std::size_t kReadBytes = 128 * base::kKiB;

// On a page boundary: the kernel copies a cached page to the same place within a page at 10 GB/s, to one a few bytes
// further on at 2 (measured on an AMD EPYC).
struct alignas(4096) ReadBuffer {
  std::array<std::byte, kReadBytes> bytes;
};
constexpr std::size_t kSegmentGroups = kSegmentBlocks / kFanout;

// How many segments may be underway or wait for their turn: some 6 MiB of ids. Sorting a full run of ids stalls one
// thread for a while; this is what the others may do meanwhile.
constexpr std::uint64_t kWindow = 256;

// What became of a segment.
struct HashedSegment {
  struct Group {
    std::uint64_t index = 0;
    std::uint16_t mask = 0;
    base::Hash32 hash{};
  };
  std::vector<Group> groups;
  std::vector<BlockId> ids;
  ByteOffset end;
  ByteCount bytes_read;
};

// One thread's reading and hashing.
class SegmentHasher {
 public:
  SegmentHasher(const Image& image, const ScanOptions& options, const Unchanged& unchanged)
      : reader_(image.reader()), size_(image.size()), unchanged_(unchanged), hasher_(options.key) {}

  HashedSegment hash(const Segment& segment) {
    masks_.fill(0);
    HashedSegment result;
    result.end = std::min(segment.end(), ByteOffset(size_.value));
    if (unchanged_.previous())
      take_unchanged(segment);
    for (const model::Extent& extent : segment.reads) {
      read(segment, extent);
      result.bytes_read += extent.length;
    }
    collect(segment, result);
    return result;
  }

 private:
  void take_unchanged(const Segment& segment) {
    const std::uint64_t first = segment.first.value / kFanout;
    const auto groups = unchanged_.previous()->groups();
    std::array<BlockId, kFanout> buffer;
    for (std::size_t at = unchanged_.previous()->first_group_at(first);
         at < groups.size() && groups[at].index >= first && groups[at].index < first + kSegmentGroups; ++at) {
      const auto ids = unchanged_.previous()->ids_of(groups[at], buffer);
      std::size_t ordinal = 0;
      for (unsigned bit = 0; bit < kFanout; ++bit) {
        if ((groups[at].mask >> bit & 1) == 0)
          continue;
        const model::BlockIndex block(std::uint64_t{groups[at].index} * kFanout + bit);
        if (unchanged_.covers(block))
          set(block.value - segment.first.value, ids[ordinal]);
        ++ordinal;
      }
    }
  }

  void read(const Segment& segment, const model::Extent& extent) {
    for (ByteOffset at = extent.offset; at < extent.end();) {
      const auto length = std::min<std::uint64_t>((extent.end() - at).value, kReadBytes);
      const auto piece = std::span(buffer_->bytes).first(length);
      reader_->read(at, piece);
      const std::uint64_t block = at.value / kBlockBytes - segment.first.value;
      const auto ids = std::span(piece_ids_).first(model::block_count(ByteCount(length)));
      hasher_.ids_of(piece, ids);
      for (std::size_t i = 0; i < ids.size(); ++i)
        if (ids[i])
          set(block + i, *ids[i]);
      at = at + ByteCount(length);
    }
  }

  void set(std::uint64_t block_in_segment, const BlockId& id) {
    ids_[block_in_segment] = id;
    masks_[block_in_segment / kFanout] |= static_cast<std::uint16_t>(1U << block_in_segment % kFanout);
  }

  void collect(const Segment& segment, HashedSegment& result) {
    for (std::size_t group = 0; group < kSegmentGroups; ++group) {
      if (masks_[group] == 0)
        continue;
      const std::size_t first = result.ids.size();
      for (unsigned bit = 0; bit < kFanout; ++bit)
        if ((masks_[group] >> bit & 1) != 0)
          result.ids.push_back(ids_[group * kFanout + bit]);
      const auto ids = std::span(result.ids).subspan(first);
      result.groups.push_back(
          {segment.first.value / kFanout + group, masks_[group], node_hasher_.group(masks_[group], ids)});
    }
  }

  std::unique_ptr<Reader> reader_;
  ByteCount size_;
  const Unchanged& unchanged_;
  model::BlockHasher hasher_;
  model::NodeHasher node_hasher_;
  std::unique_ptr<ReadBuffer> buffer_ = std::make_unique<ReadBuffer>();
  std::array<std::optional<BlockId>, kReadBytes / kBlockBytes> piece_ids_;
  std::array<BlockId, kSegmentBlocks> ids_;
  std::array<std::uint16_t, kSegmentGroups> masks_{};
};

// The threads' common state: who does which segment, and the results put back in order. Whichever thread completes
// the next one in order writes it, and all that wait behind it, so that no thread is only a messenger.
class Pipeline {
 public:
  Pipeline(SegmentSource& source, model::TreeWriter& writer, base::Progress& progress,
           const base::CancelToken& cancel)
      : source_(source), writer_(writer), progress_(progress), cancel_(cancel), slots_(kWindow) {}

  // What each thread does until nothing is left or somebody failed; never throws.
  void work(const std::function<SegmentHasher()>& make_hasher) {
    try {
      SegmentHasher hasher = make_hasher();
      while (const auto claim = next_claim())
        deliver(claim->sequence, hasher.hash(claim->segment));
    } catch (...) {
      fail(std::current_exception());
    }
  }

  // After the threads: the bytes read, or what stopped them.
  ByteCount finish() {
    if (failure_)
      std::rethrow_exception(failure_);
    base::invariant(written_ == claimed_, "every segment was written");
    return bytes_read_;
  }

 private:
  struct Claim {
    std::uint64_t sequence = 0;
    Segment segment;
  };

  std::optional<Claim> next_claim() {
    cancel_.check();
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return failure_ || claimed_ - written_ < kWindow; });
    if (failure_)
      return std::nullopt;
    auto segment = source_.next();
    if (!segment)
      return std::nullopt;
    return Claim{claimed_++, std::move(*segment)};
  }

  void deliver(std::uint64_t sequence, HashedSegment&& hashed) {
    std::unique_lock lock(mutex_);
    slots_[sequence % kWindow] = std::move(hashed);
    if (std::exchange(writing_, true))
      return;
    while (auto& slot = slots_[written_ % kWindow]) {
      const HashedSegment next = *std::exchange(slot, std::nullopt);
      lock.unlock();
      write(next);
      lock.lock();
      ++written_;
      room_.notify_all();
    }
    writing_ = false;
  }

  // Only by the thread that is writing.
  void write(const HashedSegment& hashed) {
    std::size_t first = 0;
    for (const auto& group : hashed.groups) {
      const auto count = static_cast<std::size_t>(std::popcount(group.mask));
      writer_.add_group(group.index, group.mask, std::span(hashed.ids).subspan(first, count), group.hash);
      first += count;
    }
    bytes_read_ += hashed.bytes_read;
    progress_.advance(hashed.end - told_);
    told_ = hashed.end;
  }

  void fail(std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    if (!failure_)
      failure_ = std::move(failure);
    room_.notify_all();
  }

  SegmentSource& source_;
  model::TreeWriter& writer_;
  base::Progress& progress_;
  const base::CancelToken& cancel_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::vector<std::optional<HashedSegment>> slots_;  // by sequence number modulo kWindow
  std::uint64_t claimed_ = 0;
  std::uint64_t written_ = 0;
  bool writing_ = false;
  std::exception_ptr failure_;
  ByteCount bytes_read_;
  ByteOffset told_;
};

Unchanged unchanged_for(const Image& image, const ScanOptions& options) {
  if (!options.previous)
    return {};
  if (options.previous->realm() != model::realm_fingerprint(options.key))
    throw base::Error(base::ErrorKind::incompatible, "scan", image.name(),
                      "the earlier block tree is of another realm", "scan the whole image");
  return Unchanged(*options.previous, options.dirty, image.size());
}

}  // namespace

ScanResult scan(const Image& image, const ScanOptions& options, base::Progress& progress,
                const base::CancelToken& cancel) {
  progress.stage("scan", image.size());
  const Unchanged unchanged = unchanged_for(image, options);
  SegmentSource source(image, unchanged, cancel);
  model::TreeWriter writer(options.tree_path, image.size(), options.key, options.elided);
  Pipeline pipeline(source, writer, progress, cancel);
  const auto work = [&] { pipeline.work([&] { return SegmentHasher(image, options, unchanged); }); };
  {
    const unsigned threads =
        options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
    std::vector<std::jthread> others;
    for (unsigned i = 1; i < threads; ++i)
      others.emplace_back(work);
    work();
  }
  ScanResult result;
  result.bytes_read = pipeline.finish();
  cancel.check();
  result.tree = writer.commit();
  return result;
}

}  // namespace jaunt::disk
