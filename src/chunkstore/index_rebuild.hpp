// The index of a realm, made again from what its packs say.
#pragma once

#include <string>

#include "base/error.hpp"
#include "chunkstore/store_folder.hpp"

namespace jaunt::chunkstore {

// Under the writer's lock. Memory is bounded by the blocks of one pack.
void rebuild_index(const StoreFolder& folder, const std::string& realm, const base::CancelToken& cancel = {});

}  // namespace jaunt::chunkstore
