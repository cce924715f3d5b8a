// Whether this node can talk to others: a part of `jaunt doctor`.
#pragma once

#include <filesystem>
#include <vector>

#include "base/error.hpp"
#include "engine/config.hpp"
#include "hypervisor/host.hpp"

namespace jaunt::engine {

// Its key, its port, and each peer, some seconds at most for one that does not answer. Changes nothing.
std::vector<hypervisor::Check> check_node(const std::filesystem::path& home, const Config& config,
                                          const base::CancelToken& cancel);

}  // namespace jaunt::engine
