#include "sync/guesser.hpp"

#include <algorithm>
#include <bit>

#include "sync/packed_bits.hpp"

namespace jaunt::sync {

namespace {

using model::BlockId;
using model::kFanout;

// So many blocks in a row whose few bits agree are no accident.
constexpr int kStretch = 3;

// Which bits of `mask` lie below `split`.
constexpr unsigned below(unsigned mask, unsigned split) {
  return mask & ((1U << split) - 1);
}

}  // namespace

bool begins_alike(const BlockId& id, const RegionBlock& block) {
  const unsigned head = std::min<unsigned>(block.known_bits, 64);
  if (head != 0 && (id_head(id) ^ id_head(block.id)) >> (64 - head) != 0)
    return false;
  return block.known_bits <= 64 || id == block.id;
}

void Guesser::take_base() {
  if (base_ == nullptr)
    return;
  for (RegionGroup& group : region_.groups)
    if (const auto guess = guess_base(group.index))
      try_whole(group, *guess);
}

void Guesser::extend_runs() {
  const std::size_t count = region_.groups.size();
  for (std::size_t i = 0; i < count; ++i)
    extend(i);
  for (std::size_t i = count; i-- > 0;)
    extend(i);
}

void Guesser::follow_hints() {
  const std::size_t count = region_.groups.size();
  for (std::size_t i = 0; i < count; ++i)
    follow(i);
  for (std::size_t i = count; i-- > 0;)
    follow(i);
}

bool Guesser::take_base_block(const RegionGroup& group, unsigned bit, RegionBlock& block) const {
  if (base_ == nullptr)
    return false;
  const auto id = base_->id_at(model::BlockIndex(group.index * kFanout + bit));
  if (!id || !begins_alike(*id, block))
    return false;
  block.id = *id;
  block.standing = Standing::base;
  return true;
}

bool Guesser::agrees(const RegionGroup& group) {
  std::array<BlockId, kFanout> ids;
  return hash_bits(hasher_.group(group.mask, region_.ids_of(group, false, ids)), check_bits_) == group.check;
}

void Guesser::straighten() {
  std::optional<Spot> expected;
  std::uint64_t expected_index = 0;
  for (RegionGroup& group : region_.groups) {
    const auto base = guess_base(group.index);
    each_bit(group.mask, [&, blocks = region_.blocks_of(group)](unsigned bit, unsigned ordinal) {
      RegionBlock& block = blocks[ordinal];
      const std::uint64_t index = group.index * kFanout + bit;
      if (block.standing != Standing::local)
        return;
      if (base && base->ids[bit] == block.id) {
        block.standing = Standing::base;
        return;
      }
      if (expected && index - expected_index < kFanout) {
        const Spot next = expected->at(index - expected_index);
        std::array<BlockId, 1> there;
        if (next != block.spot) {
          lookup_.ids_from(next, there);
          if (there[0] == block.id)
            block.spot = next;
        }
      }
      expected = block.spot;
      expected_index = index;
    });
  }
}

Guesser::Guess Guesser::guess_at(const Locus& locus, Guess::Side side) const {
  Guess guess{{}, locus, side};
  const auto skipped = static_cast<std::size_t>(std::clamp<std::int64_t>(-locus.block, 0, kFanout));
  const Spot first{locus.source, {locus.part, static_cast<std::uint64_t>(std::max<std::int64_t>(locus.block, 0))}};
  if (skipped < kFanout)
    lookup_.ids_from(first, std::span(guess.ids).subspan(skipped));
  return guess;
}

std::optional<Guesser::Guess> Guesser::guess_base(std::uint64_t group) const {
  if (base_ == nullptr)
    return std::nullopt;
  const std::size_t at = base_->first_group_at(group);
  if (at == base_->groups().size() || base_->groups()[at].index != group)
    return std::nullopt;
  Guess guess{{}, std::nullopt, Guess::Side::base};
  std::array<BlockId, kFanout> ids;
  base_->ids_of(base_->groups()[at], ids);
  each_bit(base_->groups()[at].mask, [&](unsigned bit, unsigned ordinal) { guess.ids[bit] = ids[ordinal]; });
  return guess;
}

std::optional<Guesser::Locus> Guesser::locus_beside(std::size_t group, std::size_t neighbour) const {
  if (neighbour >= region_.groups.size())
    return std::nullopt;
  const RegionGroup& other = region_.groups[neighbour];
  std::optional<Locus> locus;
  const bool first = neighbour > group;  // its first found block counts, else its last
  each_bit(other.mask, [&, blocks = region_.blocks_of(other)](unsigned bit, unsigned ordinal) {
    if (blocks[ordinal].standing != Standing::local || (first && locus))
      return;
    const auto distance = static_cast<std::int64_t>(region_.groups[group].index * kFanout) -
                          static_cast<std::int64_t>(other.index * kFanout + bit);
    const Spot& spot = blocks[ordinal].spot;
    locus = {spot.source, spot.place.part, static_cast<std::int64_t>(spot.place.block) + distance};
  });
  return locus;
}

std::optional<Guesser::Locus> Guesser::locus_within(const RegionGroup& group) const {
  std::optional<Locus> locus;
  each_bit(group.mask, [&, blocks = region_.blocks_of(group)](unsigned bit, unsigned ordinal) {
    if (blocks[ordinal].standing != Standing::local || locus)
      return;
    const Spot& spot = blocks[ordinal].spot;
    locus = {spot.source, spot.place.part, static_cast<std::int64_t>(spot.place.block) - std::int64_t{bit}};
  });
  return locus;
}

Guesser::Guesses Guesser::guesses(std::size_t group) const {
  Guesses result;
  if (const auto locus = locus_beside(group, group - 1))
    result[0] = guess_at(*locus, Guess::Side::before);
  if (const auto locus = locus_within(region_.groups[group]))
    result[1] = guess_at(*locus, Guess::Side::within);
  if (const auto locus = locus_beside(group, group + 1))
    result[2] = guess_at(*locus, Guess::Side::after);
  result[3] = guess_base(region_.groups[group].index);
  return result;
}

bool Guesser::possible(const RegionGroup& group, const Guess& front, const Guess& back, unsigned split) const {
  bool fits = true;
  each_bit(group.mask, [&, blocks = region_.blocks_of(group)](unsigned bit, unsigned ordinal) {
    const BlockId& id = (bit < split ? front : back).ids[bit];
    fits = fits && id != BlockId{} && begins_alike(id, blocks[ordinal]);
  });
  return fits;
}

bool Guesser::try_whole(RegionGroup& group, const Guess& guess) {
  return try_split(group, guess, guess);
}

bool Guesser::try_split(RegionGroup& group, const Guess& front, const Guess& back) {
  const bool whole = &front == &back;
  std::array<BlockId, kFanout> ids;
  for (unsigned split = whole ? kFanout : 1; split < (whole ? kFanout + 1 : kFanout); ++split) {
    // Only a split before a block of the group, at which the two differ, is one of its own.
    const bool repeated = !whole && ((group.mask >> split & 1) == 0 || front.ids[split] == back.ids[split]);
    if (repeated || !possible(group, front, back, split))
      continue;
    each_bit(group.mask,
             [&](unsigned bit, unsigned ordinal) { ids[ordinal] = (bit < split ? front : back).ids[bit]; });
    const auto count = static_cast<std::size_t>(std::popcount(group.mask));
    if (hash_bits(hasher_.group(group.mask, std::span(ids).first(count)), check_bits_) != group.check)
      continue;
    take(group, below(group.mask, split), front);
    take(group, group.mask & ~below(group.mask, split), back);
    group.settled = true;
    return true;
  }
  return false;
}

bool Guesser::extend(std::size_t number) {
  RegionGroup& group = region_.groups[number];
  const auto lacks = [](const RegionBlock& block) { return block.standing == Standing::missing; };
  if (group.settled || std::ranges::any_of(region_.blocks_of(group), lacks))
    return false;
  const Guesses all = guesses(number);
  for (const auto& guess : all)
    if (guess && try_whole(group, *guess))
      return true;
  for (const auto& front : all)
    for (const auto& back : all)
      if (front && back && &front != &back && try_split(group, *front, *back))
        return true;
  return false;
}

void Guesser::follow(std::size_t number) {
  RegionGroup& group = region_.groups[number];
  const auto undecided = [](const RegionBlock& block) { return block.standing == Standing::unknown; };
  if (group.settled || std::ranges::none_of(region_.blocks_of(group), undecided))
    return;
  std::array<RegionBlock, kFanout> before;
  std::ranges::copy(region_.blocks_of(group), before.begin());
  for (const auto& guess : guesses(number))
    if (guess)
      take(group, trusted(group, *guess), *guess);
  if (!region_.all_found(group))
    return;
  group.settled = agrees(group);
  if (!group.settled)
    std::copy_n(before.begin(), region_.blocks_of(group).size(), region_.blocks_of(group).begin());
}

unsigned Guesser::trusted(const RegionGroup& group, const Guess& guess) const {
  // Stretches of blocks that agree with the guess. A stretch is trusted that begins where the run enters the group,
  // holds a block that was found there already, or is long.
  unsigned result = 0;
  unsigned stretch = 0;
  bool anchored = guess.side == Guess::Side::before;
  const auto close = [&](bool at_end) {
    if (anchored || std::popcount(stretch) >= kStretch || (at_end && guess.side == Guess::Side::after))
      result |= stretch;
    stretch = 0;
    anchored = false;
  };
  each_bit(group.mask, [&, blocks = region_.blocks_of(group)](unsigned bit, unsigned ordinal) {
    const RegionBlock& block = blocks[ordinal];
    if (guess.ids[bit] == BlockId{} || block.standing == Standing::missing || !begins_alike(guess.ids[bit], block) ||
        (block.found() && block.id != guess.ids[bit])) {
      close(false);
      return;
    }
    stretch |= 1U << bit;
    anchored = anchored || block.found();
  });
  close(true);
  return result;
}

void Guesser::take(RegionGroup& group, unsigned bits, const Guess& guess) {
  each_bit(group.mask, [&, blocks = region_.blocks_of(group)](unsigned bit, unsigned ordinal) {
    if ((bits >> bit & 1) == 0)
      return;
    RegionBlock& block = blocks[ordinal];
    block.id = guess.ids[bit];
    block.standing = guess.locus ? Standing::local : Standing::base;
    if (guess.locus)
      block.spot = {guess.locus->source,
                    {guess.locus->part, static_cast<std::uint64_t>(guess.locus->block + std::int64_t{bit})}};
  });
}

}  // namespace jaunt::sync
