#include "model/tree_compose.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <vector>

#include "base/error.hpp"

namespace jaunt::model {

namespace {

constexpr std::uint64_t kGroupBytes = kFanout * kBlockBytes;
constexpr std::uint64_t kNoGroup = std::numeric_limits<std::uint64_t>::max();

// Which of a group's blocks a layer answers, in whole and at all.
struct Answered {
  unsigned whole = 0;
  unsigned touched = 0;
};

// One layer, walked through group by group.
class LayerCursor {
 public:
  LayerCursor(const StackedLayer& layer, base::ByteCount image_size)
      : tree_(*layer.tree), held_(layer.held.extents()), image_size_(image_size.value) {}

  // The index of the first group with data that was not passed yet.
  std::uint64_t next_group() const { return at_ < tree_.groups().size() ? tree_.groups()[at_].index : kNoGroup; }

  void pass(std::uint64_t group) {
    if (next_group() == group && ++at_ < tree_.groups().size() && tree_.groups()[at_].index <= group)
      throw base::Error(base::ErrorKind::corrupt, "put together", "the trees of an image's layers",
                        "the groups of one are out of order", "scan its layers again");
    ids_of_ = kNoGroup;
  }

  // For groups asked in ascending order.
  Answered answered(std::uint64_t group) {
    const std::uint64_t begin = group * kGroupBytes;
    while (next_held_ < held_.size() && held_[next_held_].end().value <= begin)
      ++next_held_;
    if (next_held_ < held_.size() && held_[next_held_].offset.value <= begin &&
        held_[next_held_].end().value >= begin + kGroupBytes &&
        std::min(tree_.size().value, image_size_) >= begin + kGroupBytes)
      return {0xffff, 0xffff};
    Answered result;
    for (unsigned block = 0; block < kFanout; ++block)
      add_block(result, block, begin + block * kBlockBytes);
    return result;
  }

  std::uint16_t mask(std::uint64_t group) const { return next_group() == group ? tree_.groups()[at_].mask : 0; }

  // Of a block whose bit is in the mask of this group.
  const BlockId& id_at(std::uint64_t group, unsigned block) {
    if (ids_of_ != group)
      ids_ = tree_.ids_of(tree_.groups()[at_], buffer_);
    ids_of_ = group;
    const unsigned below = tree_.groups()[at_].mask & ((1U << block) - 1);
    return ids_[static_cast<std::size_t>(std::popcount(below))];
  }

  const base::Hash32& group_hash() const { return tree_.group_hash(at_); }

 private:
  // Beyond its end a layer holds zeros; beyond the image's end nothing is asked for.
  void add_block(Answered& result, unsigned block, std::uint64_t begin) const {
    const std::uint64_t end = std::min(begin + kBlockBytes, image_size_);
    const std::uint64_t own_end = std::clamp(tree_.size().value, begin, std::max(begin, end));
    std::uint64_t covered = end > own_end ? end - own_end : 0;
    for (std::size_t i = next_held_; i < held_.size() && held_[i].offset.value < own_end; ++i)
      if (held_[i].end().value > begin)
        covered += std::min(held_[i].end().value, own_end) - std::max(held_[i].offset.value, begin);
    if (covered == 0 || begin >= end)
      return;
    result.touched |= 1U << block;
    // The tree's block also covers what the image has no more.
    const bool cut = end == image_size_ && tree_.size().value > end && end < begin + kBlockBytes;
    if (covered == end - begin && !cut)
      result.whole |= 1U << block;
  }

  const TreeView& tree_;
  const std::vector<Extent>& held_;
  std::uint64_t image_size_;
  std::size_t at_ = 0;         // into the tree's groups
  std::size_t next_held_ = 0;  // the first extent that is not behind us
  std::uint64_t ids_of_ = kNoGroup;
  std::span<const BlockId> ids_;
  std::array<BlockId, kFanout> buffer_;
};

class Composer {
 public:
  Composer(std::span<const StackedLayer> layers, TreeWriter& writer, const BlockLookup& mixed)
      : size_(layers.front().tree->size()), writer_(writer), mixed_(mixed) {
    for (const StackedLayer& layer : layers)
      cursors_.emplace_back(layer, size_);
  }

  void run() {
    const std::uint64_t blocks = block_count(size_);
    while (true) {
      std::uint64_t group = kNoGroup;
      for (const LayerCursor& cursor : cursors_)
        group = std::min(group, cursor.next_group());
      if (group == kNoGroup || group * kFanout >= blocks)
        return;
      const std::uint64_t left = blocks - group * kFanout;
      add(group, left >= kFanout ? 0xffff : (1U << left) - 1);
      for (LayerCursor& cursor : cursors_)
        cursor.pass(group);
    }
  }

 private:
  // `open`: the blocks that no layer has answered yet.
  void add(std::uint64_t group, unsigned open) {
    std::uint16_t mask = 0;
    LayerCursor* only = nullptr;  // whose group it is as it stands
    bool several = false;
    for (LayerCursor& cursor : cursors_) {
      if (open == 0)
        break;
      const Answered answered = cursor.answered(group);
      const unsigned own = open & answered.whole & cursor.mask(group);
      for (unsigned rest = own; rest != 0; rest &= rest - 1)
        set(mask, static_cast<unsigned>(std::countr_zero(rest)), cursor.id_at(group, std::countr_zero(rest)));
      const unsigned broken = open & answered.touched & ~answered.whole;
      for (unsigned rest = broken; rest != 0; rest &= rest - 1)
        ask(mask, group, static_cast<unsigned>(std::countr_zero(rest)));
      several = several || broken != 0 || (own != 0 && only != nullptr);
      if (own != 0)
        only = &cursor;
      open &= ~answered.touched;
    }
    if (mask == 0)
      return;
    std::array<BlockId, kFanout> ids;
    std::size_t count = 0;
    for (unsigned rest = mask; rest != 0; rest &= rest - 1)
      ids[count++] = ids_[static_cast<unsigned>(std::countr_zero(rest))];
    const auto present = std::span<const BlockId>(ids).first(count);
    const bool as_it_stands = !several && only != nullptr && only->mask(group) == mask;
    writer_.add_group(group, mask, present, as_it_stands ? only->group_hash() : hasher_.group(mask, present));
  }

  void set(std::uint16_t& mask, unsigned block, const BlockId& id) {
    ids_[block] = id;
    mask = static_cast<std::uint16_t>(mask | 1U << block);
  }

  void ask(std::uint16_t& mask, std::uint64_t group, unsigned block) {
    if (const auto id = mixed_(BlockIndex(group * kFanout + block)))
      set(mask, block, *id);
  }

  base::ByteCount size_;
  TreeWriter& writer_;
  const BlockLookup& mixed_;
  NodeHasher hasher_;
  std::vector<LayerCursor> cursors_;  // top first
  std::array<BlockId, kFanout> ids_;  // of the group at hand, by block
};

}  // namespace

TreeSummary compose_tree(const std::filesystem::path& path, std::span<const StackedLayer> layers,
                         const std::optional<RealmKey>& key, const ExtentSet& elided, const BlockLookup& mixed) {
  base::invariant(!layers.empty(), "an image has a layer");
  TreeWriter writer(path, layers.front().tree->size(), key, elided);
  Composer(layers, writer, mixed).run();
  return writer.commit();
}

}  // namespace jaunt::model
