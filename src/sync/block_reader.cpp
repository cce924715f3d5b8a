#include "sync/block_reader.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "sync/region_blocks.hpp"

namespace jaunt::sync {

using base::Error;
using base::ErrorKind;

BlockReader::BlockReader(const OfferedDisk& disk, const disk::Image& image)
    : image_(image), reader_(image.reader()), tree_(*disk.tree, disk.elided) {}

std::vector<BlockReader::Wanted> BlockReader::choose(const transport::BlockSet& blocks,
                                                     std::size_t blocks_max) const {
  std::vector<Wanted> chosen;
  for (const transport::TileBlocks& tile : blocks) {
    for (unsigned i = 0; i < transport::kTileGroups; ++i) {
      const std::uint64_t index = tile.tile * transport::kTileGroups + i;
      if (tile.groups[i] == 0)
        continue;
      if (!tree_.has({1, index}))
        throw Error(ErrorKind::corrupt, "answer", "the destination", "it asks for blocks beyond the disk's end");
      const GroupBlocks group = tree_.group(index);
      each_bit(group.mask, [&](unsigned bit, unsigned ordinal) {
        if ((tile.groups[i] >> bit & 1) != 0)
          chosen.push_back({index * model::kFanout + bit, group.ids[ordinal]});
      });
      if (chosen.size() > blocks_max)
        throw Error(ErrorKind::limit, "answer", "the destination", "it asks for too many blocks at once");
    }
  }
  return chosen;
}

base::Bytes BlockReader::read(const transport::BlockSet& blocks, std::size_t blocks_max) {
  const std::vector<Wanted> chosen = choose(blocks, blocks_max);
  base::Bytes content(chosen.size() * model::kBlockBytes);
  for (std::size_t i = 0, end = 0; i < chosen.size(); i = end) {
    for (end = i + 1; end < chosen.size() && chosen[end].block == chosen[end - 1].block + 1; ++end) {
    }
    const base::ByteOffset at = model::BlockIndex(chosen[i].block).offset();
    const std::uint64_t length = std::min((end - i) * model::kBlockBytes, image_.size().value - at.value);
    reader_->read(at, std::span(content).subspan(i * model::kBlockBytes, length));
  }
  check(chosen, content);
  return content;
}

void BlockReader::check(const std::vector<Wanted>& chosen, base::ByteView content) {
  std::vector<std::optional<model::BlockId>> ids(chosen.size());
  hasher_.ids_of(content, ids);
  if (!std::ranges::equal(chosen, ids, {}, &Wanted::id))
    throw Error(ErrorKind::busy, "send", base::printable(image_.name()),
                "its bytes are not those of its block tree any more: somebody writes to it",
                "teleport it again when nobody does");
}

}  // namespace jaunt::sync
