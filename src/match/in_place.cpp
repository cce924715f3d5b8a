#include "match/in_place.hpp"

#include <bit>

namespace jaunt::match {

namespace {

using GroupIds = std::array<model::BlockId, model::kFanout>;

// The ids of a group's blocks, each at its place within the group.
void spread(const model::TreeView& tree, const model::TreeGroup& group, GroupIds& into) {
  GroupIds packed;
  auto id = tree.ids_of(group, packed).begin();
  for (unsigned bits = group.mask; bits != 0; bits &= bits - 1)
    into[static_cast<std::size_t>(std::countr_zero(bits))] = *id++;
}

}  // namespace

InPlaceCounter::InPlaceCounter(Layers layers, const Candidate& candidate) {
  for (const std::uint32_t layer : candidate.layers)
    layers_.push_back({.tree = layers[layer]});
}

void InPlaceCounter::add_group(std::uint64_t group, std::uint16_t mask, const GroupIds& ids) {
  GroupIds shown;
  unsigned open = mask;  // what no layer has shown yet
  for (Cursor& cursor : layers_) {
    const auto groups = cursor.tree->groups();
    while (cursor.at < groups.size() && groups[cursor.at].index < group)
      ++cursor.at;
    if (cursor.at == groups.size() || groups[cursor.at].index != group)
      continue;
    spread(*cursor.tree, groups[cursor.at], shown);
    for (unsigned bits = groups[cursor.at].mask & open; bits != 0; bits &= bits - 1) {
      const auto block = static_cast<std::size_t>(std::countr_zero(bits));
      blocks_ += shown[block] == ids[block] ? 1 : 0;
    }
    open &= ~unsigned{groups[cursor.at].mask};
  }
}

std::uint64_t in_place_blocks(const model::TreeView& wanted, const model::ExtentSet& elided, Layers layers,
                              const Candidate& candidate) {
  InPlaceCounter counter(layers, candidate);
  model::ElidedBlocks without(wanted.size(), elided);
  GroupIds ids;
  for (const model::TreeGroup& group : wanted.groups()) {
    spread(wanted, group, ids);
    const unsigned needed = group.mask & ~unsigned{without.mask_of_group(group.index)};
    counter.add_group(group.index, static_cast<std::uint16_t>(needed), ids);
  }
  return counter.blocks();
}

}  // namespace jaunt::match
