// libvirt's storage pools: where images lie.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hypervisor/connection.hpp"

namespace jaunt::hypervisor {

// The folders of all active pools that are folders.
std::vector<std::filesystem::path> pool_folders(const Connection& connection);

// Tells the pools whose folder this is that files came or went.
void refresh_pools(const Connection& connection, const std::filesystem::path& folder);

struct Volume {
  std::filesystem::path path;
  std::string format;  // as its pool knows it; empty when it does not
};

// "pool/volume"; nullopt when there is no such pool or volume.
std::optional<Volume> find_volume(const Connection& connection, std::string_view pool_and_volume);

}  // namespace jaunt::hypervisor
