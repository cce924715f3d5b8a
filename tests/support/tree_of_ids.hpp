// Tree files of images that exist only as the ids of their blocks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "model/tree_writer.hpp"
#include "support/naive_tree.hpp"

namespace jaunt::testing {

inline model::TreeSummary write_tree(const std::filesystem::path& path, std::uint64_t size, const BlockMap& blocks,
                                     const model::ExtentSet& elided) {
  model::TreeWriter writer(path, base::ByteCount(size), std::nullopt, elided);
  model::NodeHasher hasher;
  for (auto at = blocks.begin(); at != blocks.end();) {
    const std::uint64_t group = at->first / 16;
    std::uint16_t mask = 0;
    std::vector<model::BlockId> ids;
    for (; at != blocks.end() && at->first / 16 == group; ++at) {
      mask = static_cast<std::uint16_t>(mask | 1U << at->first % 16);
      ids.push_back(at->second);
    }
    writer.add_group(group, mask, ids, hasher.group(mask, ids));
  }
  return writer.commit();
}

}  // namespace jaunt::testing
