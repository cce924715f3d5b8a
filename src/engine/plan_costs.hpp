// The forecast of a plan: what is found here and there, what that costs, and which source each block is given.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/file.hpp"
#include "engine/disk_planner.hpp"
#include "engine/package_stage.hpp"
#include "match/estimate.hpp"
#include "model/plan.hpp"

namespace jaunt::engine {

// What is counted with, beside the disks' own findings.
struct Circumstances {
  model::LinkSpeed link;
  base::ByteCount difference = {};  // the bytes of working it out, both directions
  std::uint32_t round_trips = 0;
  std::chrono::duration<double> planning{};  // what all that took, round trips and bytes included
  bool running = false;
  std::optional<PackageForecast> packages = {};  // that a teleport would fetch first
  model::PlannedArchives archives = {};          // that it would take apart first
};

// Fills in everything of the plan that is a matter of cost, and gives the runs of each disk, encoded in files without
// a name in `scratch`.
std::vector<base::File> count_costs(const std::vector<DiskFindings>& disks, const Circumstances& circumstances,
                                    const std::filesystem::path& scratch, model::Plan& plan);

}  // namespace jaunt::engine
