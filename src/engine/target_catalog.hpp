// Finished targets in the catalog, so that the next machine of their kind is cheaper.
#pragma once

#include <string>

#include "engine/describe_job.hpp"
#include "engine/target_places.hpp"
#include "sync/proved_ids.hpp"

namespace jaunt::engine {

// By the ids that were proved, where it is flat; else by reading it once more, and of what it stands on what has
// changed.
void catalogue_target(const DiskPlace& place, const std::string& realm, const sync::ProvedIds* proved,
                      const Workplace& workplace);

}  // namespace jaunt::engine
