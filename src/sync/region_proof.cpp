#include <algorithm>
#include <array>
#include <utility>

#include "base/error.hpp"
#include "sync/region.hpp"

namespace jaunt::sync {

namespace {

namespace msg = transport;

[[noreturn]] void contradiction(const DiskTerms& terms) {
  throw base::Error(base::ErrorKind::verify, "compare", "disk " + std::to_string(terms.disk) + " with the source",
                    "the source's answers contradict one another");
}

}  // namespace

Region::Next Region::ask_tile_checks() {
  checked_.clear();
  suspects_.clear();
  for (RegionTile& tile : known_.tiles) {
    if (tile.proved || tile.agreed)
      continue;
    if (all_found(tile)) {
      tile.proved = proves(tile);
      if (!tile.proved)
        suspects_.push_back(&tile);
    } else if (found_blocks(tile).groups != std::array<std::uint16_t, msg::kTileGroups>{}) {
      checked_.push_back(&tile);
    }
  }
  return checked_.empty() ? ask_group_checks() : ask_checks(false, &Region::on_tile_checks);
}

Region::Next Region::on_tile_checks(const msg::Body& answer) {
  const auto* checks = std::get_if<msg::Checks>(&answer);
  if (checks == nullptr || checks->checks.size() != packed_bytes(checked_.size(), kTileCheckBits))
    contradiction(terms_);
  BitReader reader(checks->checks);
  for (RegionTile* tile : checked_) {
    tile->agreed = claim(known_.groups_of(*tile), kTileCheckBits) == reader.take(kTileCheckBits);
    if (!tile->agreed)
      suspects_.push_back(tile);
  }
  return ask_group_checks();
}

Region::Next Region::ask_group_checks() {
  if (suspects_.empty()) {
    guesser_.straighten();
    return std::nullopt;
  }
  checked_ = suspects_;
  std::ranges::sort(checked_, {}, [](const RegionTile* tile) { return tile->index; });
  switch (disagreements_++) {
    case 0:
      return ask_checks(true, &Region::on_group_checks);
    case 1:  // a short check agreed by accident
      for (const RegionTile* tile : checked_)
        for (RegionGroup& group : known_.groups_of(*tile))
          group.doubted = true;
      return ask_full();
    default:
      contradiction(terms_);
  }
}

Region::Next Region::on_group_checks(const msg::Body& answer) {
  const auto* checks = std::get_if<msg::Checks>(&answer);
  std::vector<RegionGroup*> groups;
  for (const RegionTile* tile : checked_)
    for (RegionGroup& group : known_.groups_of(*tile))
      if (known_.found_mask(group) != 0)
        groups.push_back(&group);
  if (checks == nullptr || checks->checks.size() != packed_bytes(groups.size(), kGroupCheckBits))
    contradiction(terms_);
  BitReader reader(checks->checks);
  for (RegionGroup* group : groups) {
    group->doubted = claim({group, 1}, kGroupCheckBits) != reader.take(kGroupCheckBits);
    group->settled = group->settled && !group->doubted;
  }
  return ask_full();
}

Region::Next Region::ask_checks(bool by_group, Step step) {
  step_ = step;
  msg::AskChecks ask{terms_.disk, {}, by_group};
  for (const RegionTile* tile : checked_)
    ask.blocks.push_back(found_blocks(*tile));
  return ask;
}

bool Region::all_found(const RegionTile& tile) {
  return std::ranges::all_of(known_.groups_of(tile), [this](const RegionGroup& g) { return known_.all_found(g); });
}

// Of a tile whose blocks are all found.
bool Region::proves(const RegionTile& tile) {
  std::array<base::Hash32, model::kFanout> hashes{};
  std::array<model::BlockId, model::kFanout> ids;
  for (const RegionGroup& group : known_.groups_of(tile))
    hashes[group.index % msg::kTileGroups] = hasher_.group(group.mask, known_.ids_of(group, false, ids));
  return (terms_.tile_level() == 1 ? hashes[0] : hasher_.node(2, hashes)) == tile.hash;
}

std::uint64_t Region::claim(std::span<const RegionGroup> groups, unsigned bits) {
  std::array<model::BlockId, model::kFanout> ids;
  for (const RegionGroup& group : groups)
    if (const std::uint16_t mask = known_.found_mask(group); mask != 0)
      claims_.add_group(mask, known_.ids_of(group, true, ids));
  return claims_.finish(bits);
}

msg::TileBlocks Region::found_blocks(const RegionTile& tile) {
  msg::TileBlocks blocks{tile.index, {}};
  for (const RegionGroup& group : known_.groups_of(tile)) {
    const std::uint16_t mask = known_.found_mask(group);
    blocks.groups[group.index % msg::kTileGroups] = mask == group.mask ? 0xffff : mask;
  }
  return blocks;
}

void Region::emit(RunMerger& out, const Findings& findings) {
  auto like_base = like_base_.begin();
  for (const RegionTile& tile : known_.tiles) {
    for (; like_base != like_base_.end() && *like_base < tile.index; ++like_base)
      emit_base(*like_base, out, findings);
    emit_tile(tile, out);
    if (findings.tile)
      findings.tile(tile.index, tile.hash);
    if (!tile.proved && findings.awaiting)
      findings.awaiting({terms_.tile_level(), tile.index}, tile.hash);
  }
  for (; like_base != like_base_.end(); ++like_base)
    emit_base(*like_base, out, findings);
  const std::uint64_t end = (node_.index + 1) << 4 * node_.level;
  add_zeros_until(std::min(end, terms_.blocks()), out);
}

void Region::emit_base(std::uint64_t tile, RunMerger& out, const Findings& findings) const {
  add_zeros_until(tile << 4 * terms_.tile_level(), out);
  add_base_subtree(terms_, {terms_.tile_level(), tile}, out, findings);
}

void Region::emit_tile(const RegionTile& tile, RunMerger& out) {
  for (const RegionGroup& group : known_.groups_of(tile)) {
    each_bit(group.mask, [&, blocks = known_.blocks_of(group)](unsigned bit, unsigned ordinal) {
      const RegionBlock& block = blocks[ordinal];
      add_zeros_until(group.index * model::kFanout + bit, out);
      if (block.found())
        out.add(1, block.standing == Standing::base ? Origin::base : Origin::local, block.spot);
      else
        out.add(1, Origin::wire);
    });
  }
}

}  // namespace jaunt::sync
