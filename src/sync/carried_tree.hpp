// A disk's block tree in elided form: elided blocks read as zero.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <unordered_map>

#include "model/block_tree.hpp"
#include "model/tree_file.hpp"

namespace jaunt::sync {

// The blocks of one group that are not zero.
struct GroupBlocks {
  std::uint16_t mask = 0;
  std::array<model::BlockId, model::kFanout> ids;  // of the bits set, in order

  std::span<const model::BlockId> held() const;
};

// Hashes that no elided block lies under come from the tree; the others are made when they are asked for, and kept
// from 256 MiB on, which for the largest image is some 40 MB. One thread; the tree outlives it.
class CarriedTree {
 public:
  CarriedTree(const model::TreeView& tree, const model::ExtentSet& elided);

  unsigned levels() const { return tree_.levels(); }
  std::uint64_t blocks() const { return model::block_count(tree_.size()); }
  bool has(model::NodePlace place) const;

  GroupBlocks group(std::uint64_t index) const;
  base::Hash32 group_hash(const GroupBlocks& group);
  base::Hash32 node(model::NodePlace place);

  const model::TreeView& whole() const { return tree_; }
  const model::ExtentSet& elided() const { return elided_; }

 private:
  base::Hash32 compute(model::NodePlace place);

  const model::TreeView& tree_;
  model::ExtentSet elided_;
  model::NodeHasher hasher_;
  std::array<std::unordered_map<std::uint64_t, base::Hash32>, 16> made_;  // by level
};

}  // namespace jaunt::sync
