#include "sync/source_side.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/error.hpp"
#include "match/samples.hpp"
#include "sync/packed_bits.hpp"
#include "transport/refusal.hpp"

namespace jaunt::sync {

namespace {

using base::ErrorKind;
namespace msg = transport;

[[noreturn]] void refuse(ErrorKind kind, const char* cause) {
  throw base::Error(kind, "answer", "the destination", cause);
}

// Calls visit(tile, group number within the tile, asked mask) for all groups of a set, which must lie on the disk.
template <typename Visit>
void each_group(const CarriedTree& tree, const msg::BlockSet& blocks, const Visit& visit) {
  for (const msg::TileBlocks& tile : blocks) {
    for (unsigned i = 0; i < msg::kTileGroups; ++i) {
      if (tile.groups[i] == 0)
        continue;
      const std::uint64_t index = tile.tile * msg::kTileGroups + i;
      if (!tree.has({1, index}))
        refuse(ErrorKind::corrupt, "it asks for blocks beyond the disk's end");
      visit(index, tile.groups[i]);
    }
  }
}

// Those of a group's blocks that were asked for.
GroupBlocks chosen(const GroupBlocks& group, unsigned asked) {
  GroupBlocks result;
  result.mask = static_cast<std::uint16_t>(group.mask & asked);
  std::size_t read = 0;
  std::size_t written = 0;
  for (unsigned mask = group.mask; mask != 0; mask &= mask - 1, ++read)
    if ((asked & mask & -mask) != 0)
      result.ids[written++] = group.ids[read];
  return result;
}

void put_id(BitWriter& out, const model::BlockId& id, unsigned first, unsigned bits) {
  const unsigned head = std::min(bits, 64U);
  out.put(id_bits(id, first, head), head);
  if (bits > head)
    out.put(id_bits(id, first + head, bits - head), bits - head);
}

msg::DiskFacts facts_of(const OfferedDisk& disk) {
  const model::TreeSummary summary =
      disk.elided == disk.tree->elided() ? disk.tree->summary() : disk.tree->summary_with(disk.elided);
  return {.target = disk.target,
          .size = summary.size,
          .root = summary.root,
          .carried_root = summary.carried_root,
          .realm = disk.tree->realm(),
          .nonzero_blocks = summary.nonzero_blocks,
          .needed_blocks = summary.needed_blocks,
          .unique_ids = summary.unique_ids};
}

}  // namespace

SourceSide::SourceSide(const std::vector<OfferedDisk>& disks) {
  base::invariant(disks.size() <= msg::kDisksMax, "a machine has not more disks than a message may name");
  for (const OfferedDisk& disk : disks)
    add(disk);
}

const msg::DiskFacts& SourceSide::add(const OfferedDisk& disk) {
  return disks_.emplace_back(Disk{facts_of(disk), CarriedTree(*disk.tree, disk.elided)}).facts;
}

msg::Message SourceSide::answer(const msg::Message& question) {
  if (refusal_)
    return {question.number, *refusal_};
  try {
    if (!greeted_ && !std::holds_alternative<msg::Hello>(question.body))
      refuse(ErrorKind::corrupt, "it asks before it says hello");
    return {question.number, std::visit([this](const auto& body) { return answer_to(body); }, question.body)};
  } catch (const base::Error& error) {
    refusal_ = msg::refusal_of(error);
    return {question.number, *refusal_};
  }
}

msg::Body SourceSide::answer_to(const msg::Hello& hello) {
  if (std::exchange(greeted_, true))
    refuse(ErrorKind::corrupt, "it says hello twice");
  if (hello.version != msg::kProtocolVersion)
    refuse(ErrorKind::unsupported, "it speaks another version of the protocol; install the same version of jaunt");
  msg::Welcome welcome;
  welcome.features = {msg::kFeatureArchives, msg::kFeatureDeltas, msg::kFeatureOrder};
  for (const Disk& disk : disks_)
    welcome.disks.push_back(disk.facts);
  return welcome;
}

msg::Body SourceSide::answer_to(const msg::AskSamples& ask) {
  const CarriedTree& tree = disk(ask.disk).tree;
  const match::Samples samples = match::take_samples(match::Needs(tree.whole(), tree.elided()));
  msg::Samples answer{.zero_bits = samples.bits,
                      .samples = {},
                      .needed_blocks = samples.needed_blocks,
                      .needed_ids = samples.needed_ids,
                      .squared_blocks = samples.squared_blocks};
  // Ids are uniform unless a guest makes them otherwise; then some of its own do not count.
  for (const match::Sample& sample : samples.samples)
    if (answer.samples.size() < msg::kSamplesMax)
      answer.samples.push_back({sample.key, sample.blocks});
  return answer;
}

msg::Body SourceSide::answer_to(const msg::AskNodes& ask) {
  CarriedTree& tree = disk(ask.disk).tree;
  if (!tree.has(ask.node) || ask.depth >= ask.node.level)
    refuse(ErrorKind::corrupt, "it asks for a node that the tree does not have");
  const unsigned level = ask.node.level - ask.depth;
  msg::Nodes nodes{std::vector<base::Hash32>(std::size_t{1} << 4 * ask.depth)};
  const std::uint64_t first = ask.node.index << 4 * ask.depth;
  for (std::size_t i = 0; i < nodes.hashes.size() && tree.has({level, first + i}); ++i)
    nodes.hashes[i] = tree.node({level, first + i});
  return nodes;
}

msg::Body SourceSide::answer_to(const msg::AskGroups& ask) {
  CarriedTree& tree = disk(ask.disk).tree;
  msg::Groups groups;
  BitWriter checks;
  for (const std::uint64_t tile : ask.tiles) {
    if (!tree.has({1, tile * msg::kTileGroups}))
      refuse(ErrorKind::corrupt, "it asks for blocks beyond the disk's end");
    msg::TileBlocks blocks{tile, {}};
    for (unsigned i = 0; i < msg::kTileGroups; ++i) {
      const GroupBlocks group = tree.group(tile * msg::kTileGroups + i);
      blocks.groups[i] = group.mask;
      if (group.mask != 0 && ask.check_bits != 0)
        checks.put(hash_bits(tree.node({1, tile * msg::kTileGroups + i}), ask.check_bits), ask.check_bits);
    }
    if (blocks.groups != decltype(blocks.groups){})
      groups.blocks.push_back(blocks);
  }
  groups.checks = checks.finish();
  return groups;
}

msg::Body SourceSide::answer_to(const msg::AskIds& ask) {
  const CarriedTree& tree = disk(ask.disk).tree;
  BitWriter out;
  each_group(tree, ask.blocks, [&](std::uint64_t index, std::uint16_t mask) {
    const GroupBlocks blocks = chosen(tree.group(index), mask);
    for (const model::BlockId& id : blocks.held())
      put_id(out, id, ask.first_bit, ask.bits);
  });
  return msg::Ids{out.finish()};
}

msg::Body SourceSide::answer_to(const msg::AskChecks& ask) {
  const CarriedTree& tree = disk(ask.disk).tree;
  BitWriter out;
  std::optional<std::uint64_t> open;  // the tile whose groups are being added
  const auto close = [&] {
    if (std::exchange(open, std::nullopt))
      out.put(claims_.finish(kTileCheckBits), kTileCheckBits);
  };
  each_group(tree, ask.blocks, [&](std::uint64_t index, std::uint16_t mask) {
    if (!ask.by_group && open != index / msg::kTileGroups)
      close();
    const GroupBlocks blocks = chosen(tree.group(index), mask);
    claims_.add_group(blocks.mask, blocks.held());
    if (ask.by_group)
      out.put(claims_.finish(kGroupCheckBits), kGroupCheckBits);
    else
      open = index / msg::kTileGroups;
  });
  close();
  return msg::Checks{out.finish()};
}

template <typename Other>
msg::Body SourceSide::answer_to(const Other&) {
  refuse(ErrorKind::corrupt, "it sends what only a source may say");
}

SourceSide::Disk& SourceSide::disk(std::uint32_t number) {
  if (number >= disks_.size())
    refuse(ErrorKind::corrupt, "it asks about a disk that was not offered");
  return disks_[number];
}

}  // namespace jaunt::sync
