#include "model/block_tree.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/error.hpp"

namespace jaunt::model {

namespace {

// The first byte of every hashed message, so that no group, node or root can pass for another.
constexpr std::byte kGroupTag{1};
constexpr std::byte kNodeTag{2};
constexpr std::byte kRootTag{3};

constexpr std::uint64_t kGroupBytes = kFanout * kBlockBytes;

}  // namespace

unsigned tree_levels(base::ByteCount size) {
  unsigned levels = 1;
  for (std::uint64_t blocks = block_count(size); blocks > kFanout; blocks = (blocks + kFanout - 1) / kFanout)
    ++levels;
  return levels;
}

base::Hash32 NodeHasher::group(std::uint16_t mask, std::span<const BlockId> ids) {
  base::invariant(ids.size() == static_cast<std::size_t>(std::popcount(mask)), "a group has an id for every bit");
  if (mask == 0)
    return kZeroNode;
  const std::array<std::byte, 3> head = {kGroupTag, std::byte(mask & 0xff), std::byte(mask >> 8)};
  return sha_.update(head).update(std::as_bytes(ids)).finish();
}

base::Hash32 NodeHasher::node(unsigned level, std::span<const base::Hash32, kFanout> children) {
  if (std::all_of(children.begin(), children.end(), [](const base::Hash32& child) { return child == kZeroNode; }))
    return kZeroNode;
  const std::array<std::byte, 2> head = {kNodeTag, std::byte(level)};
  return sha_.update(head).update(std::as_bytes(children)).finish();
}

base::Hash32 NodeHasher::root(base::ByteCount size, const base::Hash32& top) {
  base::Bytes head = {kRootTag};
  base::append_le(head, size.value);
  return sha_.update(head).update(top).finish();
}

TreeBuilder::TreeBuilder(base::ByteCount size, OnNode on_node)
    : size_(size), on_node_(std::move(on_node)), pending_(tree_levels(size) - 1) {}

base::Hash32 TreeBuilder::finish() {
  for (unsigned level = 2; level < pending_.size() + 2; ++level)
    close(level);
  return hasher_.root(size_, top_);
}

void TreeBuilder::add(NodePlace place, const base::Hash32& hash) {
  if (place.level > 1 && on_node_)
    on_node_(place, hash);
  if (place.level == pending_.size() + 1) {
    base::invariant(place.index == 0, "a tree has one top");
    top_ = hash;
    return;
  }
  Pending& parent = pending_[place.level - 1];
  const std::uint64_t index = place.index / kFanout;
  if (parent.used && parent.index != index) {
    base::invariant(parent.index < index, "nodes come in ascending order");
    close(place.level + 1);
  }
  parent.used = true;
  parent.index = index;
  parent.children[place.index % kFanout] = hash;
}

void TreeBuilder::close(unsigned level) {
  Pending& node = pending_[level - 2];
  if (!node.used)
    return;
  const base::Hash32 hash = hasher_.node(level, node.children);
  node.used = false;
  node.children.fill(kZeroNode);
  add({level, node.index}, hash);
}

ElidedBlocks::ElidedBlocks(base::ByteCount size, const ExtentSet& elided) {
  ExtentSet image;
  if (size > base::ByteCount(0))
    image.insert({base::ByteOffset(0), size});
  extents_ = elided.intersection(image).aligned_inward(base::ByteCount(kBlockBytes));
}

std::uint16_t ElidedBlocks::mask_of_group(std::uint64_t index) {
  const auto& extents = extents_.extents();
  const base::ByteOffset begin(index * kGroupBytes);
  const base::ByteOffset end = begin + base::ByteCount(kGroupBytes);
  while (next_ < extents.size() && extents[next_].end() <= begin)
    ++next_;
  unsigned mask = 0;
  for (std::size_t i = next_; i < extents.size() && extents[i].offset < end; ++i) {
    const auto first = (std::max(extents[i].offset, begin) - begin).value / kBlockBytes;
    const auto stop = (std::min(extents[i].end(), end) - begin).value / kBlockBytes;
    mask |= (1U << stop) - (1U << first);
  }
  return static_cast<std::uint16_t>(mask);
}

void CarriedTreeBuilder::add_group(std::uint64_t index, std::uint16_t mask, const base::Hash32& hash,
                                   const std::function<std::span<const BlockId>()>& ids) {
  const unsigned elided = elided_.mask_of_group(index);
  const auto kept = static_cast<std::uint16_t>(mask & ~elided);
  needed_blocks_ += static_cast<unsigned>(std::popcount(kept));
  if (kept == mask) {
    builder_.add_group(index, hash);
    return;
  }
  if (kept == 0)
    return;
  std::array<BlockId, kFanout> kept_ids;
  std::size_t count = 0;
  const std::span<const BlockId> all = ids();
  std::size_t ordinal = 0;
  for (unsigned bit = 0; bit < kFanout; ++bit) {
    if ((mask >> bit & 1) == 0)
      continue;
    if ((kept >> bit & 1) != 0)
      kept_ids[count++] = all[ordinal];
    ++ordinal;
  }
  builder_.add_group(index, hasher_.group(kept, std::span(kept_ids).first(count)));
}

}  // namespace jaunt::model
