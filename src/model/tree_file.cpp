#include "model/tree_file.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/error.hpp"

namespace jaunt::model {

using tree_format::ElidedExtent;
using tree_format::Node;
using tree_format::Section;
using tree_format::SectionKind;

TreeView::TreeView(base::ByteView file, std::string name)
    : file_(file), name_(std::move(name)), header_(tree_format::decode(file, name_)) {
  base::invariant(reinterpret_cast<std::uintptr_t>(file.data()) % alignof(std::uint64_t) == 0,
                  "a tree file's bytes are aligned");
  groups_ = entries<TreeGroup>(SectionKind::groups);
  group_hashes_ = entries<base::Hash32>(SectionKind::group_hashes);
  for (unsigned level = 2; level <= header_.levels; ++level)
    nodes_.push_back(entries<Node>(SectionKind::nodes, level));
  ids_ = entries<BlockId>(SectionKind::ids);
  first_ordinals_ = entries<std::uint32_t>(SectionKind::first_ordinals);
  ranks_ = entries<std::uint32_t>(SectionKind::ranks);
}

TreeSummary TreeView::summary() const {
  return {header_.image_size,     header_.root,          header_.carried_root,
          header_.nonzero_blocks, header_.needed_blocks, header_.unique_ids};
}

ExtentSet TreeView::elided() const {
  ExtentSet result;
  base::ByteOffset end(0);
  for (const ElidedExtent& raw : entries<ElidedExtent>(SectionKind::elided)) {
    const Extent extent{base::ByteOffset(raw.offset), base::ByteCount(raw.length)};
    if (raw.length == 0 || raw.offset % kBlockBytes != 0 || raw.length % kBlockBytes != 0 || extent.offset < end ||
        raw.length > header_.image_size.value || raw.offset > header_.image_size.value - raw.length)
      corrupt("its elided extents are out of order or out of the image");
    result.insert(extent);
    end = extent.end();
  }
  return result;
}

base::Hash32 TreeView::node(NodePlace place) const {
  base::invariant(place.level >= 1 && place.level <= header_.levels, "a node lies within the tree");
  if (place.level == 1) {
    const std::size_t at = first_group_at(place.index);
    return at < groups_.size() && groups_[at].index == place.index ? group_hashes_[at] : kZeroNode;
  }
  const auto& nodes = nodes_[place.level - 2];
  const auto found = std::ranges::lower_bound(nodes, place.index, {}, &Node::index);
  return found != nodes.end() && found->index == place.index ? found->hash : kZeroNode;
}

std::size_t TreeView::first_group_at(std::uint64_t index) const {
  return static_cast<std::size_t>(std::ranges::lower_bound(groups_, index, {}, &TreeGroup::index) - groups_.begin());
}

std::span<const std::uint32_t> TreeView::ranks_of(const TreeGroup& group) const {
  const auto count = static_cast<std::size_t>(std::popcount(group.mask));
  if (group.first_ordinal > ranks_.size() || count > ranks_.size() - group.first_ordinal)
    corrupt("a group's blocks lie beyond the last one");
  const auto ranks = ranks_.subspan(group.first_ordinal, count);
  for (const std::uint32_t rank : ranks)
    if (rank >= ids_.size())
      corrupt("a block's id lies beyond the last one");
  return ranks;
}

std::span<const BlockId> TreeView::ids_of(const TreeGroup& group, std::array<BlockId, kFanout>& into) const {
  const auto ranks = ranks_of(group);
  std::ranges::transform(ranks, into.begin(), [this](std::uint32_t rank) { return ids_[rank]; });
  return std::span<const BlockId>(into).first(ranks.size());
}

std::optional<BlockId> TreeView::id_at(BlockIndex block) const {
  const std::size_t at = first_group_at(block.value / kFanout);
  if (at == groups_.size() || groups_[at].index != block.value / kFanout)
    return std::nullopt;
  const unsigned bit = block.value % kFanout;
  if ((groups_[at].mask >> bit & 1) == 0)
    return std::nullopt;
  std::array<BlockId, kFanout> ids;
  const unsigned below = groups_[at].mask & ((1U << bit) - 1);
  return ids_of(groups_[at], ids)[static_cast<std::size_t>(std::popcount(below))];
}

std::optional<std::uint32_t> TreeView::rank_of(const BlockId& id) const {
  const auto found = std::ranges::lower_bound(ids_, id);
  if (found == ids_.end() || *found != id)
    return std::nullopt;
  return static_cast<std::uint32_t>(found - ids_.begin());
}

BlockIndex TreeView::first_block_of(std::uint32_t rank) const {
  base::invariant(rank < first_ordinals_.size(), "a rank is one of the tree's");
  const std::uint32_t ordinal = first_ordinals_[rank];
  const auto after = std::ranges::upper_bound(groups_, ordinal, {}, &TreeGroup::first_ordinal);
  if (after == groups_.begin())
    corrupt("its ordinals are out of order");
  const TreeGroup& group = *std::prev(after);
  unsigned mask = group.mask;
  for (std::uint32_t skip = ordinal - group.first_ordinal; skip > 0 && mask != 0; --skip)
    mask &= mask - 1;
  if (mask == 0)
    corrupt("a group has fewer blocks than its neighbour says");
  return BlockIndex(std::uint64_t{group.index} * kFanout + static_cast<unsigned>(std::countr_zero(mask)));
}

TreeSummary TreeView::summary_with(const ExtentSet& elided) const {
  CarriedTreeBuilder builder(header_.image_size, elided);
  std::array<BlockId, kFanout> ids;
  std::uint64_t next_index = 0;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const TreeGroup& group = groups_[i];
    if (group.index < next_index || std::uint64_t{group.index} * kFanout >= block_count(header_.image_size))
      corrupt("its groups are out of order");
    builder.add_group(group.index, group.mask, group_hashes_[i], [&] { return ids_of(group, ids); });
    next_index = std::uint64_t{group.index} + 1;
  }
  TreeSummary result = summary();
  result.carried_root = builder.finish();
  result.needed_blocks = builder.needed_blocks();
  return result;
}

void TreeView::each_needed_rank(const ExtentSet& elided, const std::function<void(std::uint32_t)>& visit) const {
  ElidedBlocks without(header_.image_size, elided);
  for (const TreeGroup& group : groups_) {
    const unsigned elided_mask = without.mask_of_group(group.index);
    auto rank = ranks_of(group).begin();
    for (unsigned mask = group.mask; mask != 0; mask &= mask - 1, ++rank)
      if ((elided_mask & mask & -mask) == 0)
        visit(*rank);
  }
}

void TreeView::corrupt(const char* cause) const {
  throw base::Error(base::ErrorKind::corrupt, "read block tree", name_, cause, "remove it and scan the image again");
}

const Section& TreeView::section(SectionKind kind, std::uint32_t level) const {
  const auto found =
      std::ranges::find_if(header_.sections, [&](const Section& s) { return s.kind == kind && s.level == level; });
  base::invariant(found != header_.sections.end(), "a decoded header has every section");
  return *found;
}

template <typename T>
std::span<const T> TreeView::entries(SectionKind kind, std::uint32_t level) const {
  const Section& s = section(kind, level);
  return {reinterpret_cast<const T*>(file_.data() + s.offset), static_cast<std::size_t>(s.count)};
}

}  // namespace jaunt::model
