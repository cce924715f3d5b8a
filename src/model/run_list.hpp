// Where every block of one disk comes from, as a kept plan has it. Its exact bytes are in docs/format.md.
#pragma once

#include <cstdint>
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

base::Bytes encode(const RunList& list);

// Throws only corrupt, unsupported or limit.
RunList decode_run_list(base::ByteView bytes);

}  // namespace jaunt::model
