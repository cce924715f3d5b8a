#include "match/in_place.hpp"

#include <array>
#include <bit>
#include <vector>

namespace jaunt::match {

namespace {

using model::BlockId;

// The blocks that a stack of layers shows within one group after the other, asked in ascending order.
class ShownGroups {
 public:
  ShownGroups(Layers layers, const Candidate& candidate) {
    for (const std::uint32_t layer : candidate.layers)
      layers_.push_back({.tree = layers[layer]});
  }

  // How many of the group's blocks in `mask` are shown with the very ids.
  unsigned equal_blocks(std::uint32_t group, std::uint16_t mask, const std::array<BlockId, model::kFanout>& ids) {
    unsigned equal = 0;
    unsigned hidden = 0;
    for (Cursor& cursor : layers_) {
      const auto groups = cursor.tree->groups();
      while (cursor.at < groups.size() && groups[cursor.at].index < group)
        ++cursor.at;
      if (cursor.at == groups.size() || groups[cursor.at].index != group)
        continue;
      std::array<BlockId, model::kFanout> shown;
      spread(*cursor.tree, groups[cursor.at], shown);
      for (unsigned bits = groups[cursor.at].mask & mask & ~hidden; bits != 0; bits &= bits - 1) {
        const auto block = static_cast<std::size_t>(std::countr_zero(bits));
        equal += shown[block] == ids[block] ? 1 : 0;
      }
      hidden |= groups[cursor.at].mask;
    }
    return equal;
  }

  // The ids of a group's blocks, each at its place within the group.
  static void spread(const model::TreeView& tree, const model::TreeGroup& group,
                     std::array<BlockId, model::kFanout>& into) {
    std::array<BlockId, model::kFanout> packed;
    auto id = tree.ids_of(group, packed).begin();
    for (unsigned bits = group.mask; bits != 0; bits &= bits - 1)
      into[static_cast<std::size_t>(std::countr_zero(bits))] = *id++;
  }

 private:
  struct Cursor {
    const model::TreeView* tree = nullptr;
    std::size_t at = 0;
  };
  std::vector<Cursor> layers_;
};

}  // namespace

std::uint64_t in_place_blocks(const model::TreeView& wanted, const model::ExtentSet& elided, Layers layers,
                              const Candidate& candidate) {
  ShownGroups shown(layers, candidate);
  model::ElidedBlocks without(wanted.size(), elided);
  std::array<BlockId, model::kFanout> ids;
  std::uint64_t blocks = 0;
  for (const model::TreeGroup& group : wanted.groups()) {
    const unsigned needed = group.mask & ~unsigned{without.mask_of_group(group.index)};
    ShownGroups::spread(wanted, group, ids);
    blocks += shown.equal_blocks(group.index, static_cast<std::uint16_t>(needed), ids);
  }
  return blocks;
}

}  // namespace jaunt::match
