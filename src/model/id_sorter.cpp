#include "model/id_sorter.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <queue>
#include <utility>

#include "base/error.hpp"
#include "model/id_order.hpp"

namespace jaunt::model {

namespace {

// All buffers of a merge together; 4096 runs, the most there can be, still get 8 KiB each.
constexpr std::size_t kMergeBytes = 32 * base::kMiB;
constexpr std::size_t kMergeBytesPerRunMax = base::kMiB;
constexpr int kRadixBitsMax = 18;  // 2 MiB of bucket ends

template <typename T>
std::span<std::byte> writable_bytes(std::vector<T>& values) {
  return std::as_writable_bytes(std::span(values));
}

}  // namespace

// Turns ascending entries into distinct ids with ranks.
class IdSorter::Unique {
 public:
  Unique(const IdSink& ids, const NumberSink& first_ordinals) : ids_sink_(ids), ordinals_sink_(first_ordinals) {}

  std::uint32_t rank_of(const Entry& entry) {
    if (rank_ != 0 && last_ == entry.id)
      return rank_ - 1;
    if (ids_.size() == kBatch)
      flush();
    last_ = entry.id;
    ids_.push_back(entry.id);
    first_ordinals_.push_back(entry.ordinal);
    return rank_++;
  }

  void flush() {
    ids_sink_(ids_);
    ordinals_sink_(first_ordinals_);
    ids_.clear();
    first_ordinals_.clear();
  }

 private:
  static constexpr std::size_t kBatch = 16384;

  const IdSink& ids_sink_;
  const NumberSink& ordinals_sink_;
  std::uint32_t rank_ = 0;
  BlockId last_;
  std::vector<BlockId> ids_;
  std::vector<std::uint32_t> first_ordinals_;
};

// The runs in the file as one ascending sequence; the rank given to each entry is kept in the order of its run.
class IdSorter::Merge {
 public:
  explicit Merge(const IdSorter& sorter) : sorter_(sorter), ranks_file_(base::unnamed_file(sorter.folder_)) {
    const std::size_t bytes = std::min(kMergeBytesPerRunMax, kMergeBytes / sorter.run_count_);
    buffered_ = std::max<std::size_t>(1, bytes / (sizeof(Entry) + sizeof(std::uint32_t)));
    runs_.resize(sorter.run_count_);
    for (std::uint32_t run = 0; run < runs_.size(); ++run)
      advance(run);
  }

  void assign_ranks(Unique& unique) {
    while (!heap_.empty()) {
      const std::uint32_t run = heap_.top().run;
      heap_.pop();
      keep_rank(run, unique.rank_of(runs_[run].entries[runs_[run].next - 1]));
      advance(run);
    }
    for (std::uint32_t run = 0; run < runs_.size(); ++run)
      flush_ranks(run);
  }

  base::File take_ranks_file() { return std::move(ranks_file_); }

 private:
  struct Run {
    std::vector<Entry> entries;
    std::size_t next = 0;      // within `entries`
    std::size_t consumed = 0;  // read from the file so far
    std::vector<std::uint32_t> ranks;
    std::size_t ranks_written = 0;
  };
  struct Head {
    BlockId id;
    std::uint32_t run;
    // The queue gives the greatest first. Runs are in the order of ordinals, so the lowest run is the first ordinal.
    bool operator<(const Head& other) const {
      const auto order = id <=> other.id;
      return order != 0 ? order > 0 : run > other.run;
    }
  };

  void advance(std::uint32_t index) {
    Run& run = runs_[index];
    if (run.next == run.entries.size()) {
      run.entries.resize(std::min(buffered_, sorter_.entries_of_run(index) - run.consumed));
      if (run.entries.empty())
        return;
      const base::ByteOffset at((index * sorter_.run_ids_ + run.consumed) * sizeof(Entry));
      sorter_.file_->read_exact(at, writable_bytes(run.entries));
      run.consumed += run.entries.size();
      run.next = 0;
    }
    heap_.push({run.entries[run.next++].id, index});
  }

  void keep_rank(std::uint32_t index, std::uint32_t rank) {
    runs_[index].ranks.push_back(rank);
    if (runs_[index].ranks.size() >= buffered_)
      flush_ranks(index);
  }

  void flush_ranks(std::uint32_t index) {
    Run& run = runs_[index];
    const base::ByteOffset at((index * sorter_.run_ids_ + run.ranks_written) * sizeof(std::uint32_t));
    ranks_file_.write_all(at, std::as_bytes(std::span(run.ranks)));
    run.ranks_written += run.ranks.size();
    run.ranks.clear();
  }

  const IdSorter& sorter_;
  base::File ranks_file_;
  std::size_t buffered_ = 0;  // entries per run
  std::vector<Run> runs_;
  std::priority_queue<Head> heap_;
};

IdSorter::IdSorter(std::filesystem::path folder, std::size_t run_ids)
    : folder_(std::move(folder)), run_ids_(run_ids) {}

void IdSorter::add(std::span<const BlockId> ids) {
  for (const BlockId& id : ids) {
    if (run_.size() == run_ids_)
      spill_run();
    run_.push_back({id, static_cast<std::uint32_t>(total_++)});
  }
}

void IdSorter::sort(const IdSink& ids, const NumberSink& first_ordinals) {
  Unique unique(ids, first_ordinals);
  if (run_count_ == 0) {
    sort_run();
    ranks_.resize(run_.size());
    for (const Entry& entry : run_)
      ranks_[entry.ordinal] = unique.rank_of(entry);
  } else {
    spill_run();
    std::vector<Entry>().swap(run_);
    Merge merge(*this);
    merge.assign_ranks(unique);
    ranks_file_ = merge.take_ranks_file();
  }
  unique.flush();
}

void IdSorter::write_ranks(const NumberSink& sink) {
  if (!ranks_file_) {
    sink(ranks_);
    return;
  }
  std::vector<std::uint32_t> sorted_ranks;
  for (std::uint64_t run = 0; run < run_count_; ++run) {
    const std::uint64_t first = run * run_ids_;
    run_.resize(entries_of_run(run));
    sorted_ranks.resize(run_.size());
    ranks_.resize(run_.size());
    file_->read_exact(base::ByteOffset(first * sizeof(Entry)), writable_bytes(run_));
    ranks_file_->read_exact(base::ByteOffset(first * sizeof(std::uint32_t)), writable_bytes(sorted_ranks));
    for (std::size_t i = 0; i < run_.size(); ++i)
      ranks_[run_[i].ordinal - first] = sorted_ranks[i];
    sink(ranks_);
  }
}

void IdSorter::sort_run() {
  // Ids are uniform, so a scatter by their first bits leaves a handful to sort in each bucket. Where a guest made
  // them otherwise, or most blocks are the same, it merely takes longer.
  const int bits = std::clamp(static_cast<int>(std::bit_width(run_.size())) - 2, 1, kRadixBitsMax);
  const auto bucket_of = [bits](const Entry& entry) { return head_of(entry.id) >> (64 - bits); };
  std::vector<std::uint32_t> ends(std::size_t{1} << bits);
  for (const Entry& entry : run_)
    ++ends[bucket_of(entry)];
  std::uint32_t sum = 0;
  for (std::uint32_t& end : ends)
    sum += std::exchange(end, sum);
  std::vector<Entry> sorted(run_.size());
  for (const Entry& entry : run_)
    sorted[ends[bucket_of(entry)]++] = entry;
  std::uint32_t begin = 0;
  for (const std::uint32_t end : ends) {
    std::sort(sorted.begin() + begin, sorted.begin() + end, [](const Entry& a, const Entry& b) {
      const auto x = head_of(a.id);
      const auto y = head_of(b.id);
      if (x != y)
        return x < y;
      return a.id != b.id ? a.id < b.id : a.ordinal < b.ordinal;
    });
    begin = end;
  }
  run_.swap(sorted);
}

void IdSorter::spill_run() {
  sort_run();
  if (!file_)
    file_ = base::unnamed_file(folder_);
  file_->write_all(base::ByteOffset(run_count_ * run_ids_ * sizeof(Entry)), std::as_bytes(std::span(run_)));
  ++run_count_;
  run_.clear();
}

std::size_t IdSorter::entries_of_run(std::uint64_t run) const {
  return static_cast<std::size_t>(std::min<std::uint64_t>(run_ids_, total_ - run * run_ids_));
}

}  // namespace jaunt::model
