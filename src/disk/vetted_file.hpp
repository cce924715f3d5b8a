// Files named by images: their real path, whether the policy allows it, and opening exactly what was vetted.
#pragma once

#include <filesystem>
#include <string>

#include "base/file.hpp"
#include "base/units.hpp"
#include "disk/chain.hpp"

namespace jaunt::disk {

// The real path of what may be read, whether it exists or not; throws like vet_file.
std::filesystem::path vet_path(const std::filesystem::path& path, const Policy& policy, const std::string& role = {});

// Throws auth where the policy does not allow the file. `role` tells who wants it (", the backing file of X").
VettedFile vet_file(const std::filesystem::path& path, const Policy& policy, const std::string& role);

// The vetted file itself, read-only; an Error of kind io when something else has taken its place.
base::File open_vetted(const VettedFile& file);

VettedFile layer_file(const model::Layer& layer);

// Size of a regular file or block device; anything else is unsupported.
base::ByteCount byte_size(const base::File& file);

}  // namespace jaunt::disk
