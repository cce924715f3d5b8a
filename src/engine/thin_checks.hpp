// Whether thin targets still stand on what they were proved with: a part of `jaunt doctor`.
#pragma once

#include <filesystem>
#include <vector>

#include "hypervisor/host.hpp"

namespace jaunt::engine {

// One for each file that is not as it must be, else one for all; none where there are no thin targets. Changes
// nothing.
std::vector<hypervisor::Check> check_thin(const std::filesystem::path& home);

}  // namespace jaunt::engine
