// Where every block of one disk can be had: candidates ranked, the base chosen, the difference worked out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/file.hpp"
#include "base/progress.hpp"
#include "engine/conversation.hpp"
#include "engine/holdings.hpp"
#include "engine/spilled_list.hpp"
#include "match/survey.hpp"
#include "model/plan.hpp"
#include "sync/run.hpp"

namespace jaunt::engine {

// A run of the disk that has one holder here, or none.
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
  match::Survey survey;
  std::uint64_t nonzero_blocks = 0;
  std::optional<transport::Sizes> sizes;  // absent where nothing would cross the wire
  base::File tiles;                       // without a name: the proved hashes, as sync::TileList reads them
};

// How sync::Spot::source is to be understood.
enum class SpotSource : std::uint32_t { base_layers = 0, layers = 1, store = 2 };

// Plans one disk after the other. What it is made of outlives it.
class DiskPlanner {
 public:
  // In `scratch` is room for what outgrows memory.
  DiskPlanner(Conversation& conversation, const Holdings& holdings, const std::filesystem::path& scratch,
              base::Progress& progress)
      : conversation_(conversation), holdings_(holdings), scratch_(scratch), progress_(progress) {}

  DiskFindings plan(std::uint32_t disk);

 private:
  // One image as the base, ready to be compared with.
  struct Base {
    std::size_t candidate;
    chunkstore::LayerFile tree;
    std::unique_ptr<chunkstore::Source> layers;
  };

  // The images that may be the best, as samples tell; all of them when they are few.
  std::vector<std::size_t> rank(std::uint32_t disk, DiskFindings& findings);
  void compare(std::uint32_t disk, std::optional<std::size_t> base, DiskFindings& findings);
  // The one that holds most of what was found.
  std::optional<std::size_t> choose(const std::vector<std::size_t>& contenders, const base::Hash32& realm,
                                    DiskFindings& findings) const;
  void name_layers(DiskFindings& findings) const;
  void find_holders(DiskFindings& findings) const;
  model::SourceSet holders_of(const sync::Run& run) const;
  void survey(DiskFindings& findings) const;
  void ask_sizes(std::uint32_t disk, DiskFindings& findings);
  void each_found_id(const std::function<void(const model::BlockId&)>& visit) const;

  Conversation& conversation_;
  const Holdings& holdings_;
  const std::filesystem::path scratch_;
  base::Progress& progress_;
  std::optional<Base> base_;                     // what was compared with last
  std::optional<SpilledList<sync::Run>> found_;  // by that
};

}  // namespace jaunt::engine
