// Guesses which blocks come next: matches come in runs, so what was found beside a group says what is likely in it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "model/block_tree.hpp"
#include "model/tree_file.hpp"
#include "sync/lookup.hpp"
#include "sync/region_blocks.hpp"

namespace jaunt::sync {

// Works on the blocks of one region. A guess is taken where a group's check or enough bits of ids confirm it, so a
// wrong one is rare; the source's checks find those.
class Guesser {
 public:
  Guesser(RegionBlocks& region, const Lookup& lookup, const model::TreeView* base, unsigned check_bits)
      : region_(region), lookup_(lookup), base_(base), check_bits_(check_bits) {}

  // Groups that are the base's, by their checks.
  void take_base();
  // Groups in which a run that was found goes on, or in which one ends and another begins.
  void extend_runs();
  // Blocks whose few known bits agree with a run that was found beside them.
  void follow_hints();
  // The block that the base has at the place of this one, if it begins with the bits that are known.
  bool take_base_block(const RegionGroup& group, unsigned bit, RegionBlock& block) const;
  // Whether a group whose blocks are all found agrees with its check.
  bool agrees(const RegionGroup& group);
  // Of equal blocks at several places, those that make the longest runs.
  void straighten();

 private:
  // Where a run that passes through a group would have the group's block 0; none for the base's own group.
  struct Locus {
    std::uint32_t source = 0;
    std::uint32_t part = 0;
    std::int64_t block = 0;
  };
  struct Guess {
    std::array<model::BlockId, model::kFanout> ids{};  // by bit; BlockId{} where nothing is guessed
    std::optional<Locus> locus;
    enum class Side { before, within, after, base } side = Side::within;
  };
  using Guesses = std::array<std::optional<Guess>, 4>;

  Guess guess_at(const Locus& locus, Guess::Side side) const;
  std::optional<Guess> guess_base(std::uint64_t group) const;
  std::optional<Locus> locus_beside(std::size_t group, std::size_t neighbour) const;
  std::optional<Locus> locus_within(const RegionGroup& group) const;
  Guesses guesses(std::size_t group) const;

  bool try_whole(RegionGroup& group, const Guess& guess);
  bool try_split(RegionGroup& group, const Guess& front, const Guess& back);
  bool extend(std::size_t number);
  void follow(std::size_t number);
  unsigned trusted(const RegionGroup& group, const Guess& guess) const;
  void take(RegionGroup& group, unsigned bits, const Guess& guess);
  bool possible(const RegionGroup& group, const Guess& front, const Guess& back, unsigned split) const;

  RegionBlocks& region_;
  const Lookup& lookup_;
  const model::TreeView* base_;
  unsigned check_bits_;
  model::NodeHasher hasher_;
};

// Whether an id begins with the bits that the source told of a block.
bool begins_alike(const model::BlockId& id, const RegionBlock& block);

}  // namespace jaunt::sync
