// The package mirrors that this host asks: those of the configuration, or its own apt's.
#pragma once

#include "base/error.hpp"
#include "engine/config.hpp"
#include "mirror/mirrors.hpp"

namespace jaunt::engine {

// Empty where nothing is configured and this host has no apt. What apt is told about proxies counts for apt's own mirrors;
// for others only the environment does.
mirror::Sites sites_of(const Config& config, const base::CancelToken& cancel);

// The repositories in apt's configuration below this folder, /etc/apt. What cannot be read is left out.
std::vector<model::Repository> apt_repositories(const std::filesystem::path& folder);

}  // namespace jaunt::engine
