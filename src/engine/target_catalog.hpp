// Finished targets in the catalog, so that the next machine of their kind is cheaper.
#pragma once

#include <filesystem>
#include <string>

#include "engine/describe_job.hpp"

namespace jaunt::engine {

// Reads it once more, which its being proved a moment ago makes quick.
void catalogue_target(const std::filesystem::path& path, const std::string& format, const std::string& realm,
                      const Workplace& workplace);

}  // namespace jaunt::engine
