#include <algorithm>
#include <bit>
#include <functional>

#include "base/error.hpp"
#include "model/tree_file.hpp"

namespace jaunt::model {

using tree_format::Node;
using tree_format::Section;

void TreeView::verify() const {
  verify_checksums();
  verify_groups();
  verify_ids();
  verify_hashes();
}

void TreeView::verify_checksums() const {
  std::uint64_t end = tree_format::header_bytes(header_.sections.size());
  for (const Section& s : header_.sections) {
    if (!is_zero(file_.subspan(end, s.offset - end)))
      corrupt("there are bytes between its sections");
    const base::ByteView bytes = file_.subspan(s.offset, s.count * tree_format::entry_bytes(s.kind));
    if (base::sha256(bytes) != s.hash)
      corrupt("a section fails its checksum");
    end = s.offset + bytes.size();
  }
}

void TreeView::verify_groups() const {
  const std::uint64_t blocks = block_count(header_.image_size);
  std::uint64_t ordinal = 0;
  std::uint64_t next_index = 0;
  for (const TreeGroup& group : groups_) {
    if (group.mask == 0 || group.reserved != 0 || group.index < next_index || group.first_ordinal != ordinal)
      corrupt("its groups are out of order");
    const auto last_bit = static_cast<unsigned>(std::bit_width(group.mask)) - 1;
    if (std::uint64_t{group.index} * kFanout + last_bit >= blocks)
      corrupt("a group lies beyond the image's end");
    next_index = std::uint64_t{group.index} + 1;
    ordinal += static_cast<unsigned>(std::popcount(group.mask));
  }
  if (ordinal != ranks_.size())
    corrupt("its groups have not as many blocks as its header says");
}

void TreeView::verify_ids() const {
  if (std::ranges::adjacent_find(ids_, std::greater_equal<>()) != ids_.end())
    corrupt("its ids are out of order");
  for (std::size_t rank = 0; rank < ids_.size(); ++rank)
    if (first_ordinals_[rank] >= ranks_.size() || ranks_[first_ordinals_[rank]] != rank)
      corrupt("an id is not where it is said to be");
  for (std::size_t ordinal = 0; ordinal < ranks_.size(); ++ordinal)
    if (ranks_[ordinal] >= ids_.size() || first_ordinals_[ranks_[ordinal]] > ordinal)
      corrupt("a block has no id, or one that is said to come later");
}

void TreeView::verify_hashes() const {
  std::vector<std::size_t> checked(nodes_.size());
  const auto check_node = [&](NodePlace place, const base::Hash32& hash) {
    const auto& nodes = nodes_[place.level - 2];
    std::size_t& next = checked[place.level - 2];
    if (next == nodes.size() || nodes[next].index != place.index || nodes[next].hash != hash)
      corrupt("a node's hash is not that of its children");
    ++next;
  };
  TreeBuilder builder(header_.image_size, check_node);
  NodeHasher hasher;
  std::array<BlockId, kFanout> ids;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (hasher.group(groups_[i].mask, ids_of(groups_[i], ids)) != group_hashes_[i])
      corrupt("a group's hash is not that of its blocks");
    builder.add_group(groups_[i].index, group_hashes_[i]);
  }
  if (builder.finish() != header_.root)
    corrupt("its root is not that of its blocks");
  for (std::size_t level = 0; level < nodes_.size(); ++level)
    if (checked[level] != nodes_[level].size())
      corrupt("it has nodes without children");
  const TreeSummary carried = summary_with(elided());
  if (carried.carried_root != header_.carried_root || carried.needed_blocks != header_.needed_blocks)
    corrupt("its carried root is not that of its blocks");
}

}  // namespace jaunt::model
