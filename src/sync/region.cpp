#include "sync/region.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"

namespace jaunt::sync {

namespace {

namespace msg = transport;
using base::ErrorKind;

[[noreturn]] void fail(const DiskTerms& terms, ErrorKind kind, const char* cause) {
  throw base::Error(kind, "compare", "disk " + std::to_string(terms.disk) + " with the source", cause);
}

template <typename Wanted>
const Wanted& expect(const DiskTerms& terms, const msg::Body& body) {
  if (const auto* wanted = std::get_if<Wanted>(&body))
    return *wanted;
  fail(terms, ErrorKind::corrupt, "the source answered another question than the one that was asked");
}

void expect_bytes(const DiskTerms& terms, base::ByteView bytes, std::uint64_t count, unsigned bits) {
  if (bytes.size() != packed_bytes(count, bits))
    fail(terms, ErrorKind::corrupt, "the source's answer is not as long as the question makes it");
}

// The bits of a group's mask that lie on the disk.
unsigned mask_within(const DiskTerms& terms, std::uint64_t group) {
  const std::uint64_t first = group * model::kFanout;
  if (first >= terms.blocks())
    return 0;
  return (1U << std::min<std::uint64_t>(terms.blocks() - first, model::kFanout)) - 1;
}

}  // namespace

msg::Body Region::begin() {
  step_ = &Region::on_nodes;
  return msg::AskNodes{terms_.disk, node_, node_.level - terms_.tile_level()};
}

std::optional<msg::Body> Region::receive(const msg::Body& answer) {
  return (this->*step_)(answer);
}

Region::Next Region::on_nodes(const msg::Body& answer) {
  const auto& nodes = expect<msg::Nodes>(terms_, answer);
  const unsigned depth = node_.level - terms_.tile_level();
  prove_nodes(terms_, node_, depth, hash_, nodes.hashes);
  for (std::size_t i = 0; i < nodes.hashes.size(); ++i) {
    const std::uint64_t index = (node_.index << 4 * depth) + i;
    if (nodes.hashes[i] == model::kZeroNode)
      continue;
    if (nodes.hashes[i] == terms_.base_node({terms_.tile_level(), index}))
      like_base_.push_back(index);
    else
      known_.tiles.push_back({.index = index, .hash = nodes.hashes[i]});
  }
  return ask_groups();
}

Region::Next Region::ask_groups() {
  if (known_.tiles.empty())
    return std::nullopt;
  step_ = &Region::on_groups;
  msg::AskGroups ask{terms_.disk, {}, terms_.check_bits};
  for (const RegionTile& tile : known_.tiles)
    ask.tiles.push_back(tile.index);
  return ask;
}

Region::Next Region::on_groups(const msg::Body& answer) {
  const auto& groups = expect<msg::Groups>(terms_, answer);
  if (groups.blocks.size() != known_.tiles.size())
    fail(terms_, ErrorKind::corrupt, "the source left out blocks of a node that is not zero");
  std::uint64_t count = 0;
  for (const msg::TileBlocks& tile : groups.blocks)
    count += static_cast<std::uint64_t>(std::ranges::count_if(tile.groups, [](unsigned mask) { return mask != 0; }));
  expect_bytes(terms_, groups.checks, count, terms_.check_bits);
  BitReader checks(groups.checks);
  for (std::size_t i = 0; i < known_.tiles.size(); ++i)
    add_tile(groups.blocks[i], known_.tiles[i], checks);
  guesser_.take_base();
  return ask_anchors();
}

void Region::add_tile(const msg::TileBlocks& told, RegionTile& tile, BitReader& checks) {
  if (told.tile != tile.index)
    fail(terms_, ErrorKind::corrupt, "the source told of other blocks than it was asked for");
  tile.first_group = static_cast<std::uint32_t>(known_.groups.size());
  for (unsigned i = 0; i < msg::kTileGroups; ++i) {
    const std::uint16_t mask = told.groups[i];
    if (mask == 0)
      continue;
    RegionGroup group{.index = tile.index * msg::kTileGroups + i};
    if ((mask & ~mask_within(terms_, group.index)) != 0)
      fail(terms_, ErrorKind::corrupt, "the source told of blocks beyond the disk's end");
    group.mask = mask;
    group.check = checks.take(terms_.check_bits);
    group.first_block = static_cast<std::uint32_t>(known_.blocks.size());
    known_.blocks.resize(known_.blocks.size() + static_cast<std::size_t>(std::popcount(mask)));
    known_.groups.push_back(group);
    ++tile.groups;
  }
}

Region::Next Region::ask_ids(const Wanted& wanted, unsigned first_bit, unsigned bits, Step step) {
  asked_.clear();
  first_bit_ = first_bit;
  bits_ = bits;
  step_ = step;
  msg::AskIds ask{terms_.disk, {}, first_bit, bits};
  for (const RegionTile& tile : known_.tiles) {
    msg::TileBlocks blocks{tile.index, {}};
    for (const RegionGroup& group : known_.groups_of(tile)) {
      unsigned mask = 0;
      each_bit(group.mask, [&, of_group = known_.blocks_of(group)](unsigned bit, unsigned ordinal) {
        if (!wanted(group, of_group[ordinal]))
          return;
        asked_.push_back(&of_group[ordinal]);
        mask |= 1U << bit;
      });
      // All that are carried, said in the shortest way.
      blocks.groups[group.index % msg::kTileGroups] = mask == group.mask ? 0xffff : static_cast<std::uint16_t>(mask);
    }
    if (blocks.groups != decltype(blocks.groups){})
      ask.blocks.push_back(blocks);
  }
  if (asked_.empty())
    return std::nullopt;
  return ask;
}

void Region::take_ids(const msg::Body& answer) {
  const auto& ids = expect<msg::Ids>(terms_, answer);
  expect_bytes(terms_, ids.bits, asked_.size(), bits_);
  BitReader reader(ids.bits);
  for (RegionBlock* block : asked_) {
    const unsigned head = std::min(bits_, 64U);
    const std::uint64_t first = reader.take(head);
    const std::uint64_t second = reader.take(bits_ - head);
    if (block->known_bits >= first_bit_ + bits_)
      continue;
    set_id_bits(block->id, first_bit_, head, first);
    set_id_bits(block->id, first_bit_ + head, bits_ - head, second);
    block->known_bits = static_cast<std::uint8_t>(first_bit_ + bits_);
    block->standing = Standing::unknown;
  }
}

Region::Next Region::ask_anchors() {
  if (terms_.short_bits == 0)
    return ask_rest();
  const auto next =
      ask_ids([&](const RegionGroup& group,
                  const RegionBlock& block) { return !group.settled && &block == &known_.blocks[group.first_block]; },
              0, terms_.short_bits, &Region::on_anchors);
  return next ? next : ask_hints();
}

Region::Next Region::on_anchors(const msg::Body& answer) {
  take_ids(answer);
  look_up();
  guesser_.extend_runs();
  return ask_hints();
}

Region::Next Region::ask_hints() {
  // Whole groups: to name those blocks of a group that need no hint takes more bytes than their hints.
  const auto next = ask_ids([&](const RegionGroup& group, const RegionBlock&) { return !known_.all_decided(group); },
                            0, terms_.hint_bits, &Region::on_hints);
  return next ? next : ask_tile_checks();
}

Region::Next Region::on_hints(const msg::Body& answer) {
  take_ids(answer);
  guesser_.follow_hints();
  return ask_rest();
}

Region::Next Region::ask_rest() {
  if (terms_.short_bits == 0) {
    for (RegionBlock& block : known_.blocks)
      block.standing = Standing::missing;
    return ask_tile_checks();
  }
  const auto next =
      ask_ids([](const RegionGroup&, const RegionBlock& block) { return block.standing == Standing::unknown; },
              terms_.hint_bits, terms_.short_bits - terms_.hint_bits, &Region::on_rest);
  return next ? next : ask_full();
}

Region::Next Region::on_rest(const msg::Body& answer) {
  take_ids(answer);
  look_up();
  settle_groups();
  return ask_full();
}

// Decides about all blocks that were just told of: short ids by what begins like them, full ones by what is there.
void Region::look_up() {
  std::vector<model::BlockId> ids;
  for (const RegionBlock* block : asked_)
    ids.push_back(block->id);
  const auto found = [&](std::size_t index, const model::BlockId& id, const Spot& spot) {
    asked_[index]->id = id;
    asked_[index]->spot = spot;
    asked_[index]->standing = Standing::local;
  };
  if (first_bit_ + bits_ == msg::kIdBits)
    terms_.lookup->find(ids, [&](std::size_t index, const Spot& spot) { found(index, ids[index], spot); });
  else
    terms_.lookup->complete(ids, terms_.short_bits, found);
  for (RegionGroup& group : known_.groups) {
    each_bit(group.mask, [&, blocks = known_.blocks_of(group)](unsigned bit, unsigned ordinal) {
      RegionBlock& block = blocks[ordinal];
      if (block.standing == Standing::unknown && block.known_bits >= terms_.short_bits &&
          !guesser_.take_base_block(group, bit, block))
        block.standing = Standing::missing;
    });
  }
}

void Region::settle_groups() {
  for (RegionGroup& group : known_.groups) {
    if (group.settled || !known_.all_found(group))
      continue;
    group.settled = guesser_.agrees(group);
    group.doubted = !group.settled;
  }
}

Region::Next Region::ask_full() {
  const auto next = ask_ids([](const RegionGroup& group, const RegionBlock&) { return group.doubted; }, 0,
                            msg::kIdBits, &Region::on_full);
  return next ? next : ask_tile_checks();
}

Region::Next Region::on_full(const msg::Body& answer) {
  take_ids(answer);
  look_up();
  for (RegionGroup& group : known_.groups) {
    if (!std::exchange(group.doubted, false))
      continue;
    if (!guesser_.agrees(group))
      fail(terms_, ErrorKind::verify, "the source's ids of a group do not fit its hash");
    group.settled = known_.all_found(group);
  }
  return ask_tile_checks();
}

}  // namespace jaunt::sync
