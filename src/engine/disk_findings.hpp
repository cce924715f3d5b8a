// Where every block of one disk can be had, before any cost is looked at.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/file.hpp"
#include "engine/spilled_list.hpp"
#include "match/survey.hpp"
#include "model/plan.hpp"
#include "sync/run.hpp"
#include "transport/messages.hpp"

namespace jaunt::engine {

// How sync::Spot::source is to be understood.
enum class SpotSource : std::uint32_t { base_layers = 0, layers = 1, store = 2 };

// A run of the disk, and all that hold it here.
struct HeldRun {
  sync::Run run;
  model::SourceSet holders = {};
};

// What is known of a disk before any cost is looked at. In memory are at most some MiB, however large the disk is and
// however many runs it is in; up to model::kRunsMax of them, at 56 bytes each, lie in files without a name.
struct DiskFindings {
  explicit DiskFindings(const std::filesystem::path& scratch) : runs(scratch), store_ids(scratch) {}

  model::DiskPlan plan;  // without sources and runs, which depend on what is cheapest
  SpilledList<HeldRun> runs;
  SpilledList<model::BlockId> store_ids;  // of the blocks of runs that the store holds, in order
  std::vector<std::uint32_t> parts;       // of the layers' source, for each of plan.layers
  std::vector<bool> packages;             // whether each of these is one
  match::Survey survey;
  std::uint64_t nonzero_blocks = 0;
  std::uint64_t wire_blocks = 0;          // that only the source has
  std::optional<transport::Sizes> sizes;  // of them or a sample; absent where nothing would cross the wire
  base::File tiles;                       // without a name: the proved hashes, as sync::TileList reads them
};

inline SpotSource source_of(const sync::Run& run) {
  return static_cast<SpotSource>(run.spot.source);
}

// Found in a catalogued layer, those of the base included.
inline bool in_layers(const sync::Run& run) {
  return run.origin == sync::Origin::local && source_of(run) != SpotSource::store;
}

}  // namespace jaunt::engine
