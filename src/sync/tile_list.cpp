#include "sync/tile_list.hpp"

#include <algorithm>
#include <bit>

#include "base/error.hpp"

namespace jaunt::sync {

namespace {

constexpr std::size_t kPendingBytes = 64 * base::kKiB;

}  // namespace

void TileListWriter::add(std::uint64_t tile, const base::Hash32& hash) {
  base::append_le(pending_, tile);
  pending_.insert(pending_.end(), hash.begin(), hash.end());
  if (pending_.size() >= kPendingBytes)
    finish();
}

void TileListWriter::finish() {
  file_.write_all(end_, pending_);
  end_ += base::ByteCount(pending_.size());
  pending_.clear();
}

TileList::TileList(const std::filesystem::path& path, base::ByteCount size, const base::Hash32& carried_root)
    : file_(path) {
  const auto refuse = [&](const char* cause) {
    throw base::Error(base::ErrorKind::corrupt, "read", path.string(), cause, "plan again");
  };
  const base::ByteView bytes = file_.bytes();
  if (bytes.size() % sizeof(TileHash) != 0)
    refuse("it ends within an entry");
  tiles_ = {std::bit_cast<const TileHash*>(bytes.data()), bytes.size() / sizeof(TileHash)};
  level_ = tile_level(model::tree_levels(size));
  const std::uint64_t end = model::block_count(size) == 0 ? 0 : ((model::block_count(size) - 1) >> 4 * level_) + 1;
  model::TreeBuilder tree(size);
  std::uint64_t next = 0;
  for (const TileHash& tile : tiles_) {
    if (tile.tile < next || tile.tile >= end)
      refuse("its tiles do not ascend, or lie beyond the disk");
    tree.add({level_, tile.tile}, tile.hash);
    next = tile.tile + 1;
  }
  if (tree.finish() != carried_root)
    refuse("it is not of this disk");
}

const base::Hash32& TileList::hash(std::uint64_t tile) const {
  const auto at = std::ranges::lower_bound(tiles_, tile, {}, &TileHash::tile);
  return at != tiles_.end() && at->tile == tile ? at->hash : model::kZeroNode;
}

}  // namespace jaunt::sync
