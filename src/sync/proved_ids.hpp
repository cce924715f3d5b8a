// The ids of a target's blocks as they were proved where they lie: its tree, without reading it once more.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>

#include "base/file.hpp"
#include "model/block.hpp"
#include "model/tree_writer.hpp"
#include "transport/messages.hpp"

namespace jaunt::sync {

using TileIds = std::array<model::BlockId, transport::kTileBlocks>;  // BlockId{}: the zero block

// In a file without a name, a page for each tile that is not zero. Any thread.
class ProvedIds {
 public:
  ProvedIds(const std::filesystem::path& folder, base::ByteCount size);

  void put(std::uint64_t tile, const TileIds& ids) const;
  // Once all tiles were put. The tree is of the default realm.
  model::TreeSummary write_tree(const std::filesystem::path& path) const;

 private:
  base::File file_;
  base::ByteCount size_;
};

}  // namespace jaunt::sync
