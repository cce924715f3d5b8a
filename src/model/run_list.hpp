// Where every block of one disk comes from, as a kept plan has it. Its exact bytes are in docs/format.md.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "base/units.hpp"
#include "model/block.hpp"
#include "model/plan.hpp"

namespace jaunt::model {

inline constexpr std::uint64_t kRunsMax = std::uint64_t{1} << 26;

struct RunList {
  base::ByteCount size = {};       // of the image; the runs cover all its blocks, in order
  base::Hash32 carried_root = {};  // of the image that they were made for
  std::uint32_t layers = 0;        // how many there are for runs to name
  std::vector<Run> runs = {};
  std::vector<BlockId> store_ids = {};  // of the blocks of store runs, in order: their place in the store may change

  bool operator==(const RunList&) const = default;
};

BySource<std::uint64_t> blocks_by_source(const RunList& list);

// Appends a run, or lengthens the last one when that goes on with it.
void append_run(std::vector<Run>& runs, const Run& run);

// What a list says before its runs.
struct RunListHead {
  base::ByteCount size = {};
  base::Hash32 carried_root = {};
  std::uint32_t layers = 0;
  std::uint64_t runs = 0;
  std::uint64_t store_ids = 0;
};

// Writes a list piece by piece, in memory that does not grow with it: the runs, then the ids, as many as the head
// says.
class RunListWriter {
 public:
  using Sink = std::function<void(base::ByteView)>;  // is given bytes that follow one another

  RunListWriter(const RunListHead& head, Sink sink);

  void add(const Run& run);
  void add(std::span<const BlockId> store_ids);
  void finish();

 private:
  void pass(std::size_t enough);

  Sink sink_;
  base::Sha256 seal_;
  base::Bytes pending_;
  std::uint64_t expected_ = 0;  // where the next run with a place begins if it goes on with the last one
  std::uint64_t runs_left_;
  std::uint64_t ids_left_;
};

// A list where it lies, checked as a whole when this is made. The bytes outlive it.
class RunListView {
 public:
  // Throws only corrupt, unsupported or limit.
  explicit RunListView(base::ByteView bytes);

  const RunListHead& head() const { return head_; }
  void each_run(const std::function<void(const Run&)>& visit) const;
  std::span<const BlockId> store_ids() const { return store_ids_; }

 private:
  RunListHead head_;
  base::ByteView runs_;
  std::span<const BlockId> store_ids_;
};

BySource<std::uint64_t> blocks_by_source(const RunListView& list);

base::Bytes encode(const RunList& list);

// Throws only corrupt, unsupported or limit.
RunList decode_run_list(base::ByteView bytes);

}  // namespace jaunt::model
