// The tree of an image, put together from the trees of its layers without reading the image.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>

#include "model/extent.hpp"
#include "model/tree_file.hpp"
#include "model/tree_writer.hpp"

namespace jaunt::model {

// A layer of a backing chain: the tree of what it holds itself, and where that is. Elsewhere the next one answers;
// beyond its size it answers with zeros.
struct StackedLayer {
  const TreeView* tree = nullptr;
  ExtentSet held;
};

// The id of an image's block, nullopt when that is zero.
using BlockLookup = std::function<std::optional<BlockId>(BlockIndex)>;

// Writes the tree of the image that these layers, top first, make: of the top's size, byte for byte what a scan of
// the image writes. The layers' trees are of the same realm. `mixed` is asked for blocks of which no layer
// answers the whole: only where layers are cut at other places than blocks.
TreeSummary compose_tree(const std::filesystem::path& path, std::span<const StackedLayer> layers,
                         const std::optional<RealmKey>& key, const ExtentSet& elided, const BlockLookup& mixed);

}  // namespace jaunt::model
