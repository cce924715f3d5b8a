#include "sync/carried_tree.hpp"

#include <bit>

namespace jaunt::sync {

namespace {

constexpr unsigned kKeptFromLevel = 4;

// The bytes below a node, as far as the image reaches.
model::Extent extent_of(model::NodePlace place) {
  const unsigned shift = 4 * place.level + 12;
  return {base::ByteOffset(place.index << shift), base::ByteCount(std::uint64_t{1} << shift)};
}

}  // namespace

std::span<const model::BlockId> GroupBlocks::held() const {
  return std::span(ids).first(static_cast<std::size_t>(std::popcount(mask)));
}

CarriedTree::CarriedTree(const model::TreeView& tree, const model::ExtentSet& elided)
    : tree_(tree), elided_(model::ElidedBlocks(tree.size(), elided).extents()) {}

bool CarriedTree::has(model::NodePlace place) const {
  return place.level >= 1 && place.level <= levels() &&
         (place.index == 0 || place.index <= (blocks() - 1) >> 4 * place.level);
}

GroupBlocks CarriedTree::group(std::uint64_t index) const {
  const std::size_t at = tree_.first_group_at(index);
  if (at == tree_.groups().size() || tree_.groups()[at].index != index)
    return {};
  GroupBlocks result;
  result.mask = tree_.groups()[at].mask;
  tree_.ids_of(tree_.groups()[at], result.ids);
  if (!elided_.touches(extent_of({1, index})))
    return result;
  std::size_t read = 0;
  std::size_t written = 0;
  for (unsigned bit = 0; bit < model::kFanout; ++bit) {
    if ((result.mask >> bit & 1) == 0)
      continue;
    if (elided_.contains(model::BlockIndex(index * model::kFanout + bit).offset()))
      result.mask = static_cast<std::uint16_t>(result.mask & ~(1U << bit));
    else
      result.ids[written++] = result.ids[read];
    ++read;
  }
  return result;
}

base::Hash32 CarriedTree::group_hash(const GroupBlocks& group) {
  return hasher_.group(group.mask, group.held());
}

base::Hash32 CarriedTree::node(model::NodePlace place) {
  const base::Hash32 whole = tree_.node(place);
  if (whole == model::kZeroNode || !elided_.touches(extent_of(place)))
    return whole;
  if (elided_.covers(extent_of(place)))
    return model::kZeroNode;
  if (place.level == 1)
    return group_hash(group(place.index));
  if (place.level < kKeptFromLevel)
    return compute(place);
  auto& kept = made_[place.level];
  if (const auto found = kept.find(place.index); found != kept.end())
    return found->second;
  const base::Hash32 hash = compute(place);
  kept.emplace(place.index, hash);
  return hash;
}

base::Hash32 CarriedTree::compute(model::NodePlace place) {
  std::array<base::Hash32, model::kFanout> children;
  for (unsigned i = 0; i < model::kFanout; ++i) {
    const model::NodePlace child{place.level - 1, place.index * model::kFanout + i};
    children[i] = node(child);
  }
  return hasher_.node(place.level, children);
}

}  // namespace jaunt::sync
