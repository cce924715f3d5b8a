// Files that jaunt owns, so that thin targets can stand on them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "engine/catalog_entries.hpp"
#include "engine/thin_records.hpp"

namespace jaunt::engine {

// An image and all that it stands on become read-only and jaunt's own, and it is catalogued. Refused where somebody
// writes to it, or a domain may.
AddedEntry own_image(const std::string& what, const std::string& realm, const std::optional<std::string>& format,
                     const Workplace& workplace);

// A read-only copy by reference of a file, in `folder`, which is made; of the same state of the file the same copy.
// nullopt where the filesystem makes no references.
std::optional<std::filesystem::path> owned_clone(const model::Layer& layer, const std::filesystem::path& folder,
                                                 const ThinRecords& records);

}  // namespace jaunt::engine
