// One disk's comparison: what all its parts have in common, and what is known of nodes by their hashes alone.
#pragma once

#include <cstdint>
#include <vector>

#include "model/block_tree.hpp"
#include "model/tree_file.hpp"
#include "sync/lookup.hpp"
#include "sync/run.hpp"

namespace jaunt::sync {

// What all regions of a disk have in common. The widths are chosen by how many ids the destination has.
struct DiskTerms {
  std::uint32_t disk = 0;
  base::ByteCount size;
  base::Hash32 carried_root{};
  const model::TreeView* base = nullptr;  // may be none
  const Lookup* lookup = nullptr;
  unsigned short_bits = 0;  // of an id, so that few others here begin alike
  unsigned hint_bits = 0;
  unsigned check_bits = 0;  // of a group's hash

  std::uint64_t blocks() const { return model::block_count(size); }
  unsigned levels() const { return model::tree_levels(size); }
  unsigned tile_level() const { return levels() == 1 ? 1 : 2; }  // a disk of one group is one tile
  // The base's node there; kZeroNode too where there is no base or it ends before.
  base::Hash32 base_node(model::NodePlace place) const;
};

// Throws verify unless these are the hashes `depth` levels below a node whose hash is known. The top of the tree is
// known by the carried root, every other node by `expected`.
void prove_nodes(const DiskTerms& terms, model::NodePlace node, unsigned depth, const base::Hash32& expected,
                 const std::vector<base::Hash32>& hashes);

// Emits what the base has below a node as runs, and tells its tiles.
void add_base_subtree(const DiskTerms& terms, model::NodePlace node, RunMerger& out, const Findings& findings);

// Adds zero blocks up to this one.
void add_zeros_until(std::uint64_t block, RunMerger& out);

}  // namespace jaunt::sync
