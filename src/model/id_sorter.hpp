// Sorts the ids of an image's non-zero blocks in bounded memory, however many there are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/file.hpp"
#include "model/block.hpp"

namespace jaunt::model {

// An external merge sort. Ids get ordinals in the order in which they are added; what comes out is the sorted
// distinct ids, the first ordinal of each, and for every ordinal the rank of its id among the sorted ones.
class IdSorter {
 public:
  // Runs of this many ids are sorted in memory, at 40 bytes for each.
  static constexpr std::size_t kRunIds = std::size_t{1} << 20;

  explicit IdSorter(std::filesystem::path folder, std::size_t run_ids = kRunIds);

  void add(std::span<const BlockId> ids);
  std::uint64_t count() const { return total_; }

  using IdSink = std::function<void(std::span<const BlockId>)>;
  using NumberSink = std::function<void(std::span<const std::uint32_t>)>;

  // Once, after the last id: the distinct ids, ascending, and in step with them their first ordinals.
  void sort(const IdSink& ids, const NumberSink& first_ordinals);
  // After that: the rank of every ordinal, in order.
  void write_ranks(const NumberSink& ranks);

 private:
  // Exactly as in the temporary file.
  struct Entry {
    BlockId id;
    std::uint32_t ordinal = 0;
  };
  static_assert(sizeof(Entry) == 20);
  class Merge;
  class Unique;

  void sort_run();
  void spill_run();
  std::size_t entries_of_run(std::uint64_t run) const;

  std::filesystem::path folder_;
  std::size_t run_ids_;
  std::vector<Entry> run_;       // the one that is being filled
  std::uint64_t run_count_ = 0;  // of full ones, in the file
  std::uint64_t total_ = 0;
  std::optional<base::File> file_;
  std::vector<std::uint32_t> ranks_;      // after sort(), when all fitted into memory
  std::optional<base::File> ranks_file_;  // after sort(), when not: in the order of each run's entries
};

}  // namespace jaunt::model
