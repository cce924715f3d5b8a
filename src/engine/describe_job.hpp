// The job behind `jaunt describe`.
#pragma once

#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/progress.hpp"
#include "engine/config.hpp"
#include "engine/home.hpp"
#include "model/description.hpp"

namespace jaunt::engine {

struct DescribeOptions {
  std::optional<std::string> format;  // of an image, where nothing else tells it
  bool quick = false;                 // no blocks are read, so disks have no roots
  bool fresh = false;                 // nothing that was kept is used
};

struct Described {
  model::Description description;
  bool from_cache = false;  // guest and disks are as they were kept, because no file has changed since
  // Some disk or the inside of the guest could not be read; the description's problems tell why.
  bool incomplete = false;
};

// Where a job works, and how it tells of itself. All of it outlives the job.
struct Workplace {
  const Home& home;
  const Config& config;
  base::Progress& progress;
  base::CancelToken cancel;
};

// Describes a domain, image or volume. Cleans up after killed jobs first. Throws where the subject itself cannot be
// found or read; a VM of which only some disks cannot be read is described with problems.
Described describe(const std::string& subject, const DescribeOptions& options, const Workplace& workplace);

}  // namespace jaunt::engine
