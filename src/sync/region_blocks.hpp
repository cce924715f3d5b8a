// What the destination knows by now about the blocks of one region, up to 256 MiB of a disk.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "model/block_tree.hpp"
#include "sync/lookup.hpp"
#include "transport/messages.hpp"

namespace jaunt::sync {

enum class Standing : std::uint8_t {
  unknown,
  base,     // believed to be the base's block at this place
  local,    // believed to be the block at `spot`
  missing,  // certainly in none of the sources
};

// A carried block. Of the id as many bits are known as were asked for; of one that is believed to be somewhere, all.
struct RegionBlock {
  model::BlockId id;
  Spot spot;
  Standing standing = Standing::unknown;
  std::uint8_t known_bits = 0;  // of the id, as the source told them

  bool found() const { return standing == Standing::base || standing == Standing::local; }
};

struct RegionGroup {
  std::uint64_t index = 0;
  std::uint64_t check = 0;  // the first bits of its hash
  std::uint32_t first_block = 0;
  std::uint16_t mask = 0;  // its carried blocks
  bool settled = false;    // all its blocks are found and agree with its check
  bool doubted = false;    // what is believed about it is wrong somewhere
};

// A node that differs from the base's.
struct RegionTile {
  std::uint64_t index = 0;
  base::Hash32 hash{};
  std::uint32_t first_group = 0;
  std::uint32_t groups = 0;
  bool proved = false;
  bool agreed = false;  // the source has confirmed what is believed
};

class RegionBlocks {
 public:
  std::vector<RegionTile> tiles;
  std::vector<RegionGroup> groups;
  std::vector<RegionBlock> blocks;

  std::span<RegionGroup> groups_of(const RegionTile& tile);
  std::span<RegionBlock> blocks_of(const RegionGroup& group);

  bool all_found(const RegionGroup& group);
  bool all_decided(const RegionGroup& group);  // each is found or missing
  // Ids of a group's blocks, of those that are believed to be found where `found_only`.
  std::span<const model::BlockId> ids_of(const RegionGroup& group, bool found_only,
                                         std::array<model::BlockId, model::kFanout>& into);
  std::uint16_t found_mask(const RegionGroup& group);
};

// Calls visit(bit, ordinal) for the bits set in a mask, upwards.
template <typename Visit>
void each_bit(unsigned mask, const Visit& visit) {
  for (unsigned ordinal = 0; mask != 0; mask &= mask - 1, ++ordinal)
    visit(static_cast<unsigned>(__builtin_ctz(mask)), ordinal);
}

}  // namespace jaunt::sync
