#include "sync/region_blocks.hpp"

#include <algorithm>
#include <bit>

namespace jaunt::sync {

std::span<RegionGroup> RegionBlocks::groups_of(const RegionTile& tile) {
  return std::span(groups).subspan(tile.first_group, tile.groups);
}

std::span<RegionBlock> RegionBlocks::blocks_of(const RegionGroup& group) {
  return std::span(blocks).subspan(group.first_block, static_cast<std::size_t>(std::popcount(group.mask)));
}

bool RegionBlocks::all_found(const RegionGroup& group) {
  return std::ranges::all_of(blocks_of(group), &RegionBlock::found);
}

bool RegionBlocks::all_decided(const RegionGroup& group) {
  return std::ranges::none_of(blocks_of(group),
                              [](const RegionBlock& block) { return block.standing == Standing::unknown; });
}

std::span<const model::BlockId> RegionBlocks::ids_of(const RegionGroup& group, bool found_only,
                                                     std::array<model::BlockId, model::kFanout>& into) {
  std::size_t count = 0;
  for (const RegionBlock& block : blocks_of(group))
    if (!found_only || block.found())
      into[count++] = block.id;
  return std::span<const model::BlockId>(into).first(count);
}

std::uint16_t RegionBlocks::found_mask(const RegionGroup& group) {
  unsigned mask = 0;
  each_bit(group.mask, [&, blocks = blocks_of(group)](unsigned bit, unsigned ordinal) {
    mask |= (blocks[ordinal].found() ? 1U : 0U) << bit;
  });
  return static_cast<std::uint16_t>(mask);
}

}  // namespace jaunt::sync
