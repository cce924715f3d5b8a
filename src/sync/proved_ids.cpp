#include "sync/proved_ids.hpp"

#include <cerrno>
#include <optional>

#include <unistd.h>

namespace jaunt::sync {

namespace {

constexpr std::uint64_t kPageBytes = sizeof(TileIds);

std::uint64_t tiles_of(base::ByteCount size) {
  const std::uint64_t tile = transport::kTileBlocks * model::kBlockBytes;
  return (size.value + tile - 1) / tile;
}

// The first page from this one on that was written, or that may have been where the filesystem cannot tell.
std::optional<std::uint64_t> next_page(const base::File& file, std::uint64_t page) {
  const off_t at = ::lseek(file.fd(), static_cast<off_t>(page * kPageBytes), SEEK_DATA);
  if (at < 0)
    return errno == ENXIO ? std::nullopt : std::optional(page);
  return static_cast<std::uint64_t>(at) / kPageBytes;
}

void add_groups(std::uint64_t tile, const TileIds& ids, model::NodeHasher& hasher, model::TreeWriter& writer) {
  for (unsigned group = 0; group < transport::kTileGroups; ++group) {
    std::array<model::BlockId, model::kFanout> held;
    std::size_t count = 0;
    std::uint16_t mask = 0;
    for (unsigned i = 0; i < model::kFanout; ++i) {
      const model::BlockId& id = ids[group * model::kFanout + i];
      if (id == model::BlockId{})
        continue;
      held[count++] = id;
      mask = static_cast<std::uint16_t>(mask | 1U << i);
    }
    const auto of_group = std::span(held).first(count);
    if (mask != 0)
      writer.add_group(tile * transport::kTileGroups + group, mask, of_group, hasher.group(mask, of_group));
  }
}

}  // namespace

ProvedIds::ProvedIds(const std::filesystem::path& folder, base::ByteCount size)
    : file_(base::unnamed_file(folder)), size_(size) {
  file_.truncate(base::ByteCount(tiles_of(size) * kPageBytes));
}

void ProvedIds::put(std::uint64_t tile, const TileIds& ids) const {
  file_.write_all(base::ByteOffset(tile * kPageBytes), std::as_bytes(std::span(ids)));
}

model::TreeSummary ProvedIds::write_tree(const std::filesystem::path& path) const {
  model::TreeWriter writer(path, size_, std::nullopt, {});
  model::NodeHasher hasher;
  TileIds ids;
  for (auto tile = next_page(file_, 0); tile && *tile < tiles_of(size_); tile = next_page(file_, *tile + 1)) {
    file_.read_exact(base::ByteOffset(*tile * kPageBytes), std::as_writable_bytes(std::span(ids)));
    add_groups(*tile, ids, hasher, writer);
  }
  return writer.commit();
}

}  // namespace jaunt::sync
