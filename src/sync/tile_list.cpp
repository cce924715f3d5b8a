#include "sync/tile_list.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "base/error.hpp"

namespace jaunt::sync {

namespace {

constexpr std::size_t kPendingBytes = 64 * base::kKiB;

// The levels above the tiles, in memory that does not grow with the disk.
class Climb {
 public:
  Climb(unsigned tile_level, unsigned levels) : first_(tile_level + 1), pending_(levels - tile_level) {}

  void add(std::uint64_t index, const base::Hash32& hash) { add(0, index, hash); }

  // The top's hash.
  base::Hash32 finish() {
    for (std::size_t at = 0; at < pending_.size(); ++at)
      close(at);
    return top_;
  }

 private:
  struct Pending {
    std::uint64_t index = 0;
    bool used = false;
    std::array<base::Hash32, model::kFanout> children{};
  };

  void add(std::size_t at, std::uint64_t index, const base::Hash32& hash) {
    if (at == pending_.size()) {
      top_ = hash;
      return;
    }
    Pending& node = pending_[at];
    if (node.used && node.index != index / model::kFanout)
      close(at);
    node.index = index / model::kFanout;
    node.used = true;
    node.children[index % model::kFanout] = hash;
  }

  void close(std::size_t at) {
    Pending& node = pending_[at];
    if (!node.used)
      return;
    const auto hash = hasher_.node(first_ + static_cast<unsigned>(at), node.children);
    const std::uint64_t index = node.index;
    node = {};
    add(at + 1, index, hash);
  }

  unsigned first_;
  std::vector<Pending> pending_;  // by level, from the one above the tiles on
  base::Hash32 top_ = model::kZeroNode;
  model::NodeHasher hasher_;
};

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
  const unsigned levels = model::tree_levels(size);
  level_ = tile_level(levels);
  const std::uint64_t end = model::block_count(size) == 0 ? 0 : ((model::block_count(size) - 1) >> 4 * level_) + 1;
  Climb climb(level_, levels);
  std::uint64_t next = 0;
  for (const TileHash& tile : tiles_) {
    if (tile.tile < next || tile.tile >= end)
      refuse("its tiles do not ascend, or lie beyond the disk");
    climb.add(tile.tile, tile.hash);
    next = tile.tile + 1;
  }
  if (model::NodeHasher().root(size, climb.finish()) != carried_root)
    refuse("it is not of this disk");
}

const base::Hash32& TileList::hash(std::uint64_t tile) const {
  const auto at = std::ranges::lower_bound(tiles_, tile, {}, &TileHash::tile);
  return at != tiles_.end() && at->tile == tile ? at->hash : model::kZeroNode;
}

}  // namespace jaunt::sync
