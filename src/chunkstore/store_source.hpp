// The store as a source of blocks.
#pragma once

#include <memory>

#include "chunkstore/source.hpp"
#include "chunkstore/store_snapshot.hpp"

namespace jaunt::chunkstore {

// `folder` outlives it. A part is a pack; the blocks of a group lie behind one another.
std::unique_ptr<Source> open_store_source(const StoreFolder& folder, std::shared_ptr<const StoreSnapshot> snapshot);

}  // namespace jaunt::chunkstore
