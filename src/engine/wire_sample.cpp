#include "engine/wire_sample.hpp"

#include <array>
#include <memory>

#include "codec/zstd_frame.hpp"

namespace jaunt::engine {

namespace {

constexpr std::size_t kSampleBytesMax = 16 * base::kMiB;
constexpr std::uint64_t kGroupBytes = model::kFanout * model::kBlockBytes;
constexpr std::size_t kDiskGroups = 64;

// Collects blocks and tells how small they become together.
class Pile {
 public:
  void add(disk::Reader& reader, std::uint64_t size, std::uint64_t group, std::uint16_t mask) {
    for (unsigned i = 0; i < model::kFanout; ++i) {
      const std::uint64_t at = group * kGroupBytes + i * model::kBlockBytes;
      if ((mask >> i & 1) == 0 || at >= size || bytes_.size() + model::kBlockBytes > kSampleBytesMax)
        continue;
      const std::size_t before = bytes_.size();
      bytes_.resize(before + std::min(model::kBlockBytes, size - at));
      reader.read(base::ByteOffset(at), std::span(bytes_).subspan(before));
    }
  }
  base::ByteCount bytes() const { return base::ByteCount(bytes_.size()); }
  base::ByteCount compressed() const {
    if (bytes_.empty())
      return {};
    base::Bytes frame;
    const bool smaller = codec::FrameCompressor().append_frame(bytes_, bytes_.size(), frame);
    return base::ByteCount(smaller ? frame.size() : bytes_.size());
  }

 private:
  base::Bytes bytes_;
};

}  // namespace

transport::Sizes sizes_of(const ReadDisk& disk, const transport::BlockSet& blocks, const base::CancelToken& cancel) {
  const auto image = open_disk(disk);
  const auto reader = image->reader();
  Pile asked;
  for (const transport::TileBlocks& tile : blocks)
    for (unsigned group = 0; group < transport::kTileGroups; ++group) {
      cancel.check();
      asked.add(*reader, image->size().value, tile.tile * transport::kTileGroups + group, tile.groups[group]);
    }
  Pile whole;
  const auto groups = disk.tree->groups();
  for (std::size_t i = 0; i < std::min(kDiskGroups, groups.size()); ++i) {
    const model::TreeGroup& group = groups[i * groups.size() / std::min(kDiskGroups, groups.size())];
    whole.add(*reader, image->size().value, group.index, group.mask);
  }
  return {.bytes = asked.bytes(),
          .compressed = asked.compressed(),
          .disk_bytes = whole.bytes(),
          .disk_compressed = whole.compressed()};
}

void BlockSampler::add(model::BlockIndex first, std::uint64_t blocks) {
  for (std::uint64_t block = first.value; block < first.value + blocks; ++block) {
    if (pending_.mask != 0 && pending_.index != block / model::kFanout)
      keep(std::exchange(pending_, {}));
    pending_.index = block / model::kFanout;
    pending_.mask = static_cast<std::uint16_t>(pending_.mask | 1U << block % model::kFanout);
  }
}

void BlockSampler::keep(const Group& group) {
  if (seen_++ % stride_ != 0)
    return;
  groups_.push_back(group);
  if (groups_.size() <= groups_max_)
    return;
  for (std::size_t i = 0; 2 * i < groups_.size(); ++i)
    groups_[i] = groups_[2 * i];
  groups_.resize((groups_.size() + 1) / 2);
  stride_ *= 2;
}

transport::BlockSet BlockSampler::take() const {
  std::vector<Group> groups = groups_;
  if (pending_.mask != 0 && groups.size() < groups_max_)
    groups.push_back(pending_);
  transport::BlockSet blocks;
  for (const Group& group : groups) {
    const std::uint64_t tile = group.index / transport::kTileGroups;
    if (blocks.empty() || blocks.back().tile != tile)
      blocks.push_back({.tile = tile});
    blocks.back().groups[group.index % transport::kTileGroups] = group.mask;
  }
  return blocks;
}

}  // namespace jaunt::engine
