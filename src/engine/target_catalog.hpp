// Finished targets in the catalog, so that the next machine of their kind is cheaper.
#pragma once

#include <filesystem>
#include <string>

#include "engine/describe_job.hpp"
#include "sync/proved_ids.hpp"

namespace jaunt::engine {

// By the ids that were proved; without them, by reading it once more.
void catalogue_target(const std::filesystem::path& path, const std::string& format, const std::string& realm,
                      const sync::ProvedIds* proved, const Workplace& workplace);

}  // namespace jaunt::engine
