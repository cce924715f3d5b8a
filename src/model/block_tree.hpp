// The tree of hashes above an image's blocks: 16 children each (64 KiB, 1 MiB, 16 MiB ...) up to one root. Its exact
// bytes are in docs/format.md.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/hash.hpp"
#include "base/units.hpp"
#include "model/block.hpp"
#include "model/extent.hpp"

namespace jaunt::model {

inline constexpr unsigned kFanout = 16;

// Level 1 are groups of 16 blocks, level 2 are 16 groups, and so on.
struct NodePlace {
  unsigned level = 1;
  std::uint64_t index = 0;

  bool operator==(const NodePlace&) const = default;
};

// What stands for a subtree without a non-zero block, at any level.
inline constexpr base::Hash32 kZeroNode{};

// The level of the one node below the root: the smallest at which a node covers all blocks, at least 1.
unsigned tree_levels(base::ByteCount size);

// The hashes of groups, nodes and roots. One per thread.
class NodeHasher {
 public:
  // `ids` are those of the blocks whose bits are set in `mask`, in order.
  base::Hash32 group(std::uint16_t mask, std::span<const BlockId> ids);
  base::Hash32 node(unsigned level, std::span<const base::Hash32, kFanout> children);
  base::Hash32 root(base::ByteCount size, const base::Hash32& top);

 private:
  base::Sha256 sha_;
};

// Builds the levels above the groups in a few kilobytes of memory; zero runs cost nothing, however long.
class TreeBuilder {
 public:
  // `on_node` is told every non-zero node of level 2 and above, ascending within each level.
  using OnNode = std::function<void(NodePlace, const base::Hash32&)>;

  explicit TreeBuilder(base::ByteCount size, OnNode on_node = {});

  // Groups, or nodes of one level above them, that are not zero: by ascending index.
  void add_group(std::uint64_t index, const base::Hash32& hash) { add({1, index}, hash); }
  void add(NodePlace place, const base::Hash32& hash);
  base::Hash32 finish();

 private:
  // The node of one level that is still collecting children.
  struct Pending {
    std::uint64_t index = 0;
    bool used = false;
    std::array<base::Hash32, kFanout> children{};
  };

  void close(unsigned level);

  base::ByteCount size_;
  OnNode on_node_;
  NodeHasher hasher_;
  base::Hash32 top_ = kZeroNode;
  std::vector<Pending> pending_;  // of levels 2, 3, ... up to the top
};

// What of `elided` an image of this size can elide: whole blocks. A partial last block is always carried.
class ElidedBlocks {
 public:
  ElidedBlocks(base::ByteCount size, const ExtentSet& elided);

  // For groups asked in ascending order.
  std::uint16_t mask_of_group(std::uint64_t index);
  const ExtentSet& extents() const { return extents_; }

 private:
  ExtentSet extents_;
  std::size_t next_ = 0;  // the first extent that is not behind us
};

// A tree in elided form: elided blocks read as zero.
class CarriedTreeBuilder {
 public:
  CarriedTreeBuilder(base::ByteCount size, const ExtentSet& elided) : elided_(size, elided), builder_(size) {}

  // Groups as for TreeBuilder; `ids` is called only where a group is carried in part.
  void add_group(std::uint64_t index, std::uint16_t mask, const base::Hash32& hash,
                 const std::function<std::span<const BlockId>()>& ids);
  base::Hash32 finish() { return builder_.finish(); }

  std::uint64_t needed_blocks() const { return needed_blocks_; }

 private:
  ElidedBlocks elided_;
  TreeBuilder builder_;
  NodeHasher hasher_;
  std::uint64_t needed_blocks_ = 0;
};

}  // namespace jaunt::model
