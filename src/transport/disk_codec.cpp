// What messages about disks have in common: their facts, and sets of their blocks.
#include <bit>
#include <limits>
#include <utility>

#include <messages.pb.h>

#include "transport/message_parts.hpp"

namespace jaunt::transport {

namespace {

template <typename Array>
Array fixed(const std::string& text, const char* cause) {
  Array result;
  corrupt_unless(text.size() == result.size(), cause);
  std::memcpy(result.data(), text.data(), result.size());
  return result;
}

void put_mask(std::string& out, unsigned mask) {
  out.push_back(static_cast<char>(mask & 0xff));
  out.push_back(static_cast<char>(mask >> 8));
}

std::uint16_t mask_at(const std::string& text, std::size_t number) {
  return base::load_le<std::uint16_t>(base::as_bytes(text).subspan(2 * number));
}

}  // namespace

std::uint64_t next_tile(std::uint64_t gap, bool first, std::uint64_t previous) {
  corrupt_unless(first || gap != 0, "its tiles do not ascend");
  limit_unless(gap <= std::numeric_limits<std::uint32_t>::max() && previous + gap <= std::uint32_t(-1),
               "a tile lies beyond every disk");
  return previous + gap;
}

void put_blocks(wire::BlockSet& out, const BlockSet& blocks) {
  std::uint64_t previous = 0;
  for (const TileBlocks& tile : blocks) {
    out.add_gaps(tile.tile - std::exchange(previous, tile.tile));
    unsigned some = 0;
    unsigned whole = 0;
    for (unsigned group = 0; group < kTileGroups; ++group) {
      const unsigned mask = tile.groups[group];
      some |= (mask != 0 ? 1U : 0U) << group;
      whole |= (mask == 0xffff ? 1U : 0U) << group;
      if (mask != 0 && mask != 0xffff)
        put_mask(*out.mutable_masks(), mask);
    }
    put_mask(*out.mutable_groups(), some);
    put_mask(*out.mutable_whole(), whole);
  }
}

BlockSet take_blocks(const wire::BlockSet& in) {
  const auto count = static_cast<std::size_t>(in.gaps_size());
  limit_unless(count <= kTilesMax, "it names more tiles than a message may");
  corrupt_unless(in.groups().size() == 2 * count && in.whole().size() == 2 * count && in.masks().size() % 2 == 0,
                 "its block set has parts missing");
  BlockSet blocks(count);
  std::size_t used = 0;
  std::uint64_t previous = 0;
  for (std::size_t i = 0; i < count; ++i) {
    previous = blocks[i].tile = next_tile(in.gaps(static_cast<int>(i)), i == 0, previous);
    const unsigned some = mask_at(in.groups(), i);
    const unsigned whole = mask_at(in.whole(), i);
    const auto masks = static_cast<std::size_t>(std::popcount(some & ~whole));
    corrupt_unless((whole & ~some) == 0 && some != 0 && masks <= in.masks().size() / 2 - used,
                   "its block set contradicts itself");
    for (unsigned group = 0; group < kTileGroups; ++group) {
      if ((some >> group & 1) == 0)
        continue;
      const auto mask = (whole >> group & 1) != 0 ? std::uint16_t{0xffff} : mask_at(in.masks(), used++);
      corrupt_unless(mask != 0, "its block set contradicts itself");
      blocks[i].groups[group] = mask;
    }
  }
  corrupt_unless(used == in.masks().size() / 2, "its block set has masks left over");
  return blocks;
}

void put_disk(wire::Disk& out, const DiskFacts& disk) {
  out.set_target(disk.target);
  out.set_size(disk.size.value);
  out.set_root(to_wire(disk.root));
  out.set_carried_root(to_wire(disk.carried_root));
  if (disk.realm != base::Hash32{})
    out.set_realm(to_wire(disk.realm));
  out.set_nonzero_blocks(disk.nonzero_blocks);
  out.set_needed_blocks(disk.needed_blocks);
  out.set_unique_ids(disk.unique_ids);
}

DiskFacts take_disk(const wire::Disk& in) {
  limit_unless(in.target().size() <= kNameBytesMax, "a disk's name is too long");
  DiskFacts disk;
  disk.target = in.target();
  disk.size = base::ByteCount(in.size());
  disk.root = fixed<base::Hash32>(in.root(), "a root is not of 32 bytes");
  disk.carried_root = fixed<base::Hash32>(in.carried_root(), "a root is not of 32 bytes");
  if (!in.realm().empty())
    disk.realm = fixed<base::Hash32>(in.realm(), "a realm is not of 32 bytes");
  disk.nonzero_blocks = in.nonzero_blocks();
  disk.needed_blocks = in.needed_blocks();
  disk.unique_ids = in.unique_ids();
  corrupt_unless(disk.needed_blocks <= disk.nonzero_blocks && disk.unique_ids <= disk.nonzero_blocks &&
                     disk.nonzero_blocks <= model::block_count(disk.size),
                 "a disk's counts contradict one another");
  return disk;
}

}  // namespace jaunt::transport
