// One region of a disk, the blocks below a node of level 4 (256 MiB), worked out question by question.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "model/block_tree.hpp"
#include "sync/claims.hpp"
#include "sync/disk_terms.hpp"
#include "sync/guesser.hpp"
#include "sync/packed_bits.hpp"
#include "sync/region_blocks.hpp"
#include "sync/run.hpp"
#include "transport/messages.hpp"

namespace jaunt::sync {

// At most one question at a time; every one is of the same kind of step for the whole region.
class Region {
 public:
  Region(const DiskTerms& terms, model::NodePlace node, const base::Hash32& hash)
      : terms_(terms), node_(node), hash_(hash), guesser_(known_, *terms.lookup, terms.base, terms.check_bits) {}
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

  // The first question.
  transport::Body begin();
  // The next question, or none when all is known. Throws corrupt or verify errors on answers that cannot be.
  std::optional<transport::Body> receive(const transport::Body& answer);

  // Once done: every block of the region, in order.
  void emit(RunMerger& out, const Findings& findings);

 private:
  using Next = std::optional<transport::Body>;
  using Step = Next (Region::*)(const transport::Body&);
  using Wanted = std::function<bool(const RegionGroup&, const RegionBlock&)>;

  Next on_nodes(const transport::Body& answer);
  Next on_groups(const transport::Body& answer);
  Next on_anchors(const transport::Body& answer);
  Next on_hints(const transport::Body& answer);
  Next on_rest(const transport::Body& answer);
  Next on_full(const transport::Body& answer);
  Next on_tile_checks(const transport::Body& answer);
  Next on_group_checks(const transport::Body& answer);

  Next ask_groups();
  Next ask_anchors();
  Next ask_hints();
  Next ask_rest();
  Next ask_full();
  Next ask_tile_checks();
  Next ask_group_checks();

  Next ask_ids(const Wanted& wanted, unsigned first_bit, unsigned bits, Step step);
  void take_ids(const transport::Body& answer);
  void look_up();
  void settle_groups();
  bool all_found(const RegionTile& tile);
  bool proves(const RegionTile& tile);
  void add_tile(const transport::TileBlocks& told, RegionTile& tile, BitReader& checks);
  Next ask_checks(bool by_group, Step step);
  std::uint64_t claim(std::span<const RegionGroup> groups, unsigned bits);
  transport::TileBlocks found_blocks(const RegionTile& tile);
  void emit_base(std::uint64_t tile, RunMerger& out, const Findings& findings) const;
  void emit_tile(const RegionTile& tile, RunMerger& out);

  const DiskTerms& terms_;
  model::NodePlace node_;
  base::Hash32 hash_;
  RegionBlocks known_;
  Guesser guesser_;
  ClaimHasher claims_;
  model::NodeHasher hasher_;
  Step step_ = nullptr;
  std::vector<std::uint64_t> like_base_;  // tiles that equal the base's, ascending
  // What was asked last, to read the answer by.
  std::vector<RegionBlock*> asked_;
  unsigned first_bit_ = 0;
  unsigned bits_ = 0;
  std::vector<RegionTile*> checked_;
  std::vector<RegionTile*> suspects_;  // tiles in which something believed is wrong
  unsigned disagreements_ = 0;
};

}  // namespace jaunt::sync
