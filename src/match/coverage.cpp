#include "match/coverage.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include "match/bit_row.hpp"
#include "match/realm.hpp"
#include "match/stacks.hpp"
#include "model/id_order.hpp"

namespace jaunt::match {

namespace {

using model::BlockId;
using Ids = std::span<const BlockId>;

// So many ids are looked at together that what is known of them stays in the processor's caches.
constexpr std::size_t kSliceIds = std::size_t{1} << 13;

// Finds ids of a sorted list by the bits in which they differ: ids are uniform, so a bucket holds one or two. Lists
// made to be uneven cost the logarithm of their length. Most ids that are not in the list fail at one bit already.
class Directory {
 public:
  explicit Directory(Ids ids) : ids_(ids), first_(head_of(ids.front())) {
    const std::uint64_t width = head_of(ids.back()) - first_;
    const auto bits = static_cast<unsigned>(std::bit_width(width));
    shift_ = bits - std::min(bits, static_cast<unsigned>(std::bit_width(ids.size())));
    filter_shift_ = shift_ - std::min(shift_, 3U);
    filter_.resize((width >> filter_shift_) / 64 + 1);
    starts_.reserve((width >> shift_) + 2);
    for (std::uint32_t i = 0; i < ids.size(); ++i) {
      const std::uint64_t key = head_of(ids[i]) - first_;
      set_bit(filter_, key >> filter_shift_);
      while (starts_.size() <= key >> shift_)
        starts_.push_back(i);
    }
    starts_.push_back(static_cast<std::uint32_t>(ids.size()));
  }

  // Marks what the sorted `held` have of the list; returns how many of them are not beyond its end.
  std::size_t mark(Ids held, BitRow found) const {
    const std::uint64_t last = head_of(ids_.back());
    std::size_t at = model::gallop_to(held, 0, first_);
    for (; at < held.size(); ++at) {
      const BlockId& id = held[at];
      const std::uint64_t key = head_of(id);
      if (key >= last && id > ids_.back())
        break;
      if (!has_bit(filter_, (key - first_) >> filter_shift_))
        continue;
      const std::uint64_t bucket = (key - first_) >> shift_;
      const auto range = ids_.subspan(starts_[bucket], starts_[bucket + 1] - starts_[bucket]);
      const auto here = range.size() < 16
                            ? std::ranges::find_if(range, [&](const BlockId& other) { return same(other, id); })
                            : std::ranges::lower_bound(range, id);
      if (here != range.end() && same(*here, id))
        set_bit(found, static_cast<std::size_t>(here - range.begin()) + starts_[bucket]);
    }
    return at;
  }

 private:
  Ids ids_;
  std::uint64_t first_;
  unsigned shift_ = 0;
  unsigned filter_shift_ = 0;
  std::vector<std::uint64_t> filter_;
  std::vector<std::uint32_t> starts_;  // of each bucket, and the end
};

// Likewise for a few in many: jumps ahead in `held`.
std::size_t mark_by_jumps(Ids wanted, Ids held, BitRow found) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < wanted.size() && at < held.size(); ++i) {
    at = model::gallop(at, held.size(), [&](std::size_t k) { return before(held[k], wanted[i]); });
    if (at < held.size() && same(held[at], wanted[i]))
      set_bit(found, i);
  }
  return at;
}

constexpr std::uint64_t flag(bool set) {
  return static_cast<std::uint64_t>(set);
}

// Likewise for lists of about one length: steps through both without a branch that could be foretold wrongly.
std::size_t mark_by_steps(Ids wanted, Ids held, BitRow found) {
  std::size_t w = 0;
  std::size_t h = 0;
  while (w < wanted.size() && h < held.size()) {
    const std::uint64_t high_w = head_of(wanted[w]);
    const std::uint64_t high_h = head_of(held[h]);
    const std::uint64_t low_w = tail_of(wanted[w]);
    const std::uint64_t low_h = tail_of(held[h]);
    const std::uint64_t high_equal = flag(high_w == high_h);
    const std::uint64_t equal = high_equal & flag(low_w == low_h);
    const std::uint64_t w_first = flag(high_w < high_h) | (high_equal & flag(low_w < low_h));
    found[w / 64] |= equal << (w % 64);
    w += w_first | equal;
    h += 1 - w_first;
  }
  return h;
}

// Walks the wanted ids slice by slice and tells, for each layer, which of a slice it holds.
class SliceWalk {
 public:
  SliceWalk(const Needs& needs, Layers layers) : ids_(needs.ids()), layers_(layers), positions_(layers.size()) {
    refuse_other_realms(needs.realm(), layers);
  }

  bool next() {
    begin_ += slice_.size();
    slice_ = ids_.subspan(begin_, std::min(kSliceIds, ids_.size() - begin_));
    if (slice_.empty())
      return false;
    directory_.emplace(slice_);
    return true;
  }

  std::size_t begin() const { return begin_; }
  std::size_t size() const { return slice_.size(); }

  // Once for each layer and slice.
  void mark(std::size_t layer, BitRow found) {
    const Ids all = layers_[layer]->ids();
    const Ids held = all.subspan(positions_[layer]);
    if (all.size() / 16 > ids_.size())
      positions_[layer] += mark_by_jumps(slice_, held, found);
    else if (all.size() * 8 > ids_.size())
      positions_[layer] += mark_by_steps(slice_, held, found);
    else
      positions_[layer] += directory_->mark(held, found);
  }

 private:
  Ids ids_;
  Layers layers_;
  std::vector<std::size_t> positions_;  // in each layer's ids: where those of the slice begin
  std::size_t begin_ = 0;
  Ids slice_;
  std::optional<Directory> directory_;
};

// What each stack holds beyond what lies below its top, and all layers together.
class Counter {
 public:
  Counter(const Needs& needs, std::size_t layers, const Stacks& stacks)
      : needs_(needs),
        stacks_(stacks),
        slice_bits_(std::min(kSliceIds, needs.ids().size())),
        layers_(layers, slice_bits_),
        unions_(stacks.nodes.size(), slice_bits_),
        together_(1, slice_bits_),
        added_(stacks.nodes.size()) {}

  void count(SliceWalk& slice) {
    layers_.clear();
    together_.clear();
    for (std::size_t layer = 0; layer < layers_.rows(); ++layer) {
      slice.mark(layer, layers_[layer]);
      add_row(together_[0], layers_[layer]);
    }
    for (std::size_t node = 0; node < stacks_.nodes.size(); ++node)
      added_[node] += count_node(node, slice.begin());
    count_together(slice);
  }

  Coverage result() {
    for (std::size_t node = 0; node < added_.size(); ++node)
      if (stacks_.nodes[node].below != Stacks::kNone)
        added_[node] += added_[stacks_.nodes[node].below];
    for (const std::uint32_t top : stacks_.tops)
      total_.candidates.push_back(top == Stacks::kNone ? 0 : added_[top]);
    return std::move(total_);
  }

 private:
  std::uint64_t count_node(std::size_t node, std::size_t first_rank) {
    const auto [below, layer] = stacks_.nodes[node];
    const BitRow own = unions_[node];
    if (below == Stacks::kNone)
      std::ranges::fill(own, 0);
    else
      std::ranges::copy(std::as_const(unions_)[below], own.begin());
    const ConstBitRow row = std::as_const(layers_)[layer];
    std::uint64_t blocks = 0;
    each_bit(
        own.size(), [&](std::size_t i) { return row[i] & ~own[i]; },
        [&](std::size_t bit) { blocks += needs_.blocks_of(first_rank + bit); });
    add_row(own, row);
    return blocks;
  }

  void count_together(const SliceWalk& slice) {
    const ConstBitRow row = std::as_const(together_)[0];
    for (std::size_t i = 0; i < slice.size(); ++i) {
      const std::uint32_t blocks = needs_.blocks_of(slice.begin() + i);
      if (has_bit(row, i))
        total_.together += blocks;
      else if (blocks > 0)
        ++total_.missing_ids;
    }
  }

  const Needs& needs_;
  const Stacks& stacks_;
  std::size_t slice_bits_;
  BitRows layers_;
  BitRows unions_;  // of each stack's top with all below
  BitRows together_;
  std::vector<std::uint64_t> added_;
  Coverage total_;
};

}  // namespace

Coverage coverage(const Needs& needs, Layers layers, std::span<const Candidate> candidates) {
  const Stacks stacks(candidates, layers.size());
  Counter counter(needs, layers.size(), stacks);
  for (SliceWalk slice(needs, layers); slice.next();)
    counter.count(slice);
  return counter.result();
}

std::vector<bool> held_ids(const Needs& needs, Layers layers) {
  std::vector<bool> held(needs.ids().size());
  for (SliceWalk slice(needs, layers); slice.next();) {
    BitRows found(1, slice.size());
    for (std::size_t layer = 0; layer < layers.size(); ++layer)
      slice.mark(layer, found[0]);
    const ConstBitRow row = std::as_const(found)[0];
    each_bit(
        row.size(), [&](std::size_t i) { return row[i]; },
        [&](std::size_t bit) { held[slice.begin() + bit] = true; });
  }
  return held;
}

}  // namespace jaunt::match
