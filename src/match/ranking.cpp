#include "match/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "match/bit_row.hpp"
#include "match/realm.hpp"
#include "match/stacks.hpp"
#include "model/id_order.hpp"

namespace jaunt::match {

namespace {

// Standard deviations that one normal value in 10,000 exceeds.
constexpr double kDeviations = 3.9;

// What the samples say of a set of them.
struct Sum {
  std::uint64_t blocks = 0;
  std::uint64_t squares = 0;
};

class Judge {
 public:
  explicit Judge(const Samples& samples) : samples_(samples.samples), rate_(std::ldexp(1.0, -int(samples.bits))) {
    for (const Sample& sample : samples_)
      total_ += sample.blocks;
    const auto blocks = static_cast<double>(samples.needed_blocks);
    const auto squares = static_cast<double>(samples.squared_blocks);
    // So many samples that stand for one block each would tell as much.
    evidence_ = rate_ < 1 && squares > 0 ? blocks * blocks / squares * rate_ / (1 - rate_) : HUGE_VAL;
  }

  // A share of the needed blocks, and how wrong it may be: as far as Wilson's interval reaches.
  Ranked share(std::size_t candidate, std::uint64_t held) const {
    if (total_ == 0)
      return {.candidate = candidate, .share = 0, .error = rate_ < 1 ? 1.0 : 0.0};
    const double p = static_cast<double>(held) / static_cast<double>(total_);
    const double doubt = kDeviations * kDeviations / evidence_;
    const double middle = (p + doubt / 2) / (1 + doubt);
    const double half = std::sqrt(doubt * (p * (1 - p) + doubt / 4)) / (1 + doubt);
    return {.candidate = candidate, .share = p, .error = std::max(p - (middle - half), middle + half - p)};
  }

  // Whether one that holds `missed` of the best one's samples not, and `own` that the best one lacks, may be as good.
  bool may_be_as_good(const Sum& missed, const Sum& own) const {
    if (missed.blocks <= own.blocks)
      return true;
    const double behind = static_cast<double>(missed.blocks - own.blocks);
    const double variance = (1 - rate_) * static_cast<double>(missed.squares + own.squares);
    return behind <= kDeviations * std::sqrt(variance);
  }

 private:
  const std::vector<Sample>& samples_;
  double rate_;
  double evidence_;
  std::uint64_t total_ = 0;
};

void mark(const std::vector<Sample>& samples, unsigned bits, const model::TreeView& layer, BitRow held) {
  const auto ids =
      bits == 0 ? layer.ids() : layer.ids().first(model::gallop_to(layer.ids(), 0, std::uint64_t{1} << (64 - bits)));
  std::size_t at = 0;
  for (std::size_t i = 0; i < samples.size() && at < ids.size(); ++i) {
    at = model::gallop_to(ids, at, samples[i].key);
    if (at < ids.size() && head_of(ids[at]) == samples[i].key)
      set_bit(held, i);
  }
}

// The samples that one row has and another lacks.
Sum beyond(const std::vector<Sample>& samples, ConstBitRow one, ConstBitRow another) {
  Sum result;
  each_bit(
      one.size(), [&](std::size_t i) { return one[i] & ~another[i]; },
      [&](std::size_t bit) {
        const std::uint64_t blocks = samples[bit].blocks;
        result.blocks += blocks;
        result.squares += blocks * blocks;
      });
  return result;
}

}  // namespace

Ranking rank(const Samples& samples, Layers layers, std::span<const Candidate> candidates) {
  refuse_other_realms(samples.realm, layers);
  const std::size_t bits = samples.samples.size();
  BitRows layer_rows(layers.size(), bits);
  BitRows together(1, bits);
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    mark(samples.samples, samples.bits, *layers[layer], layer_rows[layer]);
    add_row(together[0], layer_rows[layer]);
  }

  const Stacks stacks(candidates, layers.size());
  const std::size_t nothing = stacks.nodes.size();  // a row without bits, for candidates without layers
  BitRows rows(stacks.nodes.size() + 1, bits);
  for (std::size_t node = 0; node < stacks.nodes.size(); ++node) {
    if (stacks.nodes[node].below != Stacks::kNone)
      add_row(rows[node], rows[stacks.nodes[node].below]);
    add_row(rows[node], layer_rows[stacks.nodes[node].layer]);
  }
  const auto row_of = [&](std::size_t candidate) {
    const std::uint32_t top = stacks.tops[candidate];
    return std::as_const(rows)[top == Stacks::kNone ? nothing : top];
  };

  const Judge judge(samples);
  const ConstBitRow none = std::as_const(rows)[nothing];
  Ranking result;
  for (std::size_t i = 0; i < candidates.size(); ++i)
    result.order.push_back(judge.share(i, beyond(samples.samples, row_of(i), none).blocks));
  result.together = judge.share(0, beyond(samples.samples, together[0], none).blocks);
  const auto better = [&](const Ranked& a, const Ranked& b) {
    if (a.share != b.share)
      return a.share > b.share;
    const Candidate& one = candidates[a.candidate];
    const Candidate& other = candidates[b.candidate];
    return std::pair(one.layers.size(), std::string_view(one.name)) <
           std::pair(other.layers.size(), std::string_view(other.name));
  };
  std::ranges::sort(result.order, better);
  if (result.order.empty())
    return result;
  const ConstBitRow best = row_of(result.order.front().candidate);
  for (std::size_t i = 0; i < result.order.size(); ++i) {
    const ConstBitRow next = row_of(result.order[i].candidate);
    if (judge.may_be_as_good(beyond(samples.samples, best, next), beyond(samples.samples, next, best)))
      result.contenders = i + 1;
  }
  return result;
}

}  // namespace jaunt::match
