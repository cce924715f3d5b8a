// Going through what the catalog was told to use, and reading what is not known yet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/describe_job.hpp"

namespace jaunt::engine {

struct RescanOptions {
  std::vector<std::string> what = {};     // entries; empty: all
  std::optional<std::string> realm = {};  // empty: all
  bool fresh = false;                     // unchanged layers, too
  bool follow = false;                    // stay, and rescan what changes, until cancelled
};

struct RescanSummary {
  std::uint64_t entries = 0;
  std::uint64_t images = 0;
  std::uint64_t layers = 0;       // of these images, each counted once
  std::uint64_t layers_read = 0;  // of these, the ones that were not known, or not as they are
  base::ByteCount bytes_read;
  std::vector<std::string> problems;  // each names what it is about
};

// At most one in a home at a time: another one is a busy error. What was read is kept at once, so a rescan that is
// cancelled or killed goes on where it was. Images that are no longer found are dropped, and what killed rescans left
// is removed.
RescanSummary rescan(const RescanOptions& options, const Workplace& workplace);

}  // namespace jaunt::engine
