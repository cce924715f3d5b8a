// Sources of blocks that only a plan knows how to name.
#pragma once

#include <memory>
#include <span>

#include "chunkstore/layer_file.hpp"
#include "chunkstore/source.hpp"
#include "disk/chain.hpp"

namespace jaunt::engine {

// An image as a whole: a place is a block's number in it. It finds nothing by id; its layers do that.
std::unique_ptr<chunkstore::Source> source_of_whole_image(chunkstore::LayerFile tree, const disk::Chain& chain);

// Blocks of the store by their number in a plan, wherever they lie in the store by now. Both outlive it.
std::unique_ptr<chunkstore::Source> source_of_store_ids(std::span<const model::BlockId> ids,
                                                        const chunkstore::Source& store);

}  // namespace jaunt::engine
