// Where every block of one disk can be had: candidates ranked, the base chosen, the difference worked out.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/file.hpp"
#include "base/progress.hpp"
#include "engine/conversation.hpp"
#include "engine/disk_findings.hpp"
#include "engine/holdings.hpp"
#include "sync/run.hpp"

namespace jaunt::engine {

// What is asked about the blocks that only the source has, by which the forecast is made: a few of them, or all,
// which takes the source some seconds for each GB.
enum class Measuring { sample, all };

// Plans one disk after the other. What it is made of outlives it.
class DiskPlanner {
 public:
  // In `scratch` is room for what outgrows memory.
  DiskPlanner(Conversation& conversation, const Holdings& holdings, const std::filesystem::path& scratch,
              base::Progress& progress, Measuring measuring)
      : conversation_(conversation),
        holdings_(holdings),
        scratch_(scratch),
        progress_(progress),
        measuring_(measuring) {}

  DiskFindings plan(std::uint32_t disk);
  // Spent on measuring, which a teleport does not.
  std::uint32_t round_trips() const { return round_trips_; }
  std::chrono::duration<double> measuring_time() const { return measuring_time_; }

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
  void survey(DiskFindings& findings) const;
  void ask_sizes(std::uint32_t disk, DiskFindings& findings);
  void measure(std::uint32_t disk, std::uint64_t remembered, DiskFindings& findings);
  void each_found_id(const std::function<void(const model::BlockId&)>& visit) const;

  Conversation& conversation_;
  const Holdings& holdings_;
  const std::filesystem::path scratch_;
  base::Progress& progress_;
  const Measuring measuring_;
  std::uint32_t round_trips_ = 0;
  std::chrono::duration<double> measuring_time_{};
  std::optional<Base> base_;                     // what was compared with last
  std::optional<SpilledList<sync::Run>> found_;  // by that
};

}  // namespace jaunt::engine
