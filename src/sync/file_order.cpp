#include "sync/file_order.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace jaunt::sync {

FileOrder::FileOrder(std::vector<FileStretch> stretches) {
  std::ranges::sort(stretches, {}, [](const FileStretch& s) { return std::pair(s.first.value, s.file); });
  std::uint64_t end = 0;
  for (const FileStretch& stretch : stretches) {
    if (stretch.blocks == 0 || stretch.first.value < end)
      continue;
    stretches_.push_back(stretch);
    end = stretch.first.value + stretch.blocks;
  }
}

std::uint32_t FileOrder::file_of(const transport::TileBlocks& tile) const {
  std::map<std::uint32_t, std::uint64_t> blocks;  // of each file
  auto stretch = std::ranges::upper_bound(stretches_, tile.tile * transport::kTileBlocks, {},
                                          [](const FileStretch& s) { return s.first.value + s.blocks; });
  for (unsigned group = 0; group < transport::kTileGroups; ++group) {
    if (tile.groups[group] == 0)
      continue;
    const std::uint64_t begin = tile.tile * transport::kTileBlocks + group * model::kFanout;
    const std::uint64_t end = begin + model::kFanout;
    while (stretch != stretches_.end() && stretch->first.value + stretch->blocks <= begin)
      ++stretch;
    for (auto at = stretch; at != stretches_.end() && at->first.value < end; ++at)
      blocks[at->file] += std::min(end, at->first.value + at->blocks) - std::max(begin, at->first.value);
  }
  const auto most = std::ranges::max_element(blocks, {}, [](const auto& file) { return file.second; });
  return most == blocks.end() ? kNoFile : most->first;
}

}  // namespace jaunt::sync
