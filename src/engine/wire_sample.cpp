#include "engine/wire_sample.hpp"

#include <algorithm>
#include <bit>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace jaunt::engine {

namespace {

constexpr std::size_t kDiskGroups = 64;
constexpr int kPlainLevel = 3;
constexpr std::size_t kPieceBytes = base::kMiB;

// Compresses blocks one after another and counts what goes in and comes out.
class Pile {
 public:
  Pile(const disk::Image& image, codec::StreamCompressor& stream)
      : size_(image.size().value), reader_(image.reader()), stream_(stream) {}

  void add(std::uint64_t block) {
    const std::uint64_t at = block * model::kBlockBytes;
    if (at >= size_)
      return;
    const std::size_t before = piece_.size();
    piece_.resize(before + std::min(model::kBlockBytes, size_ - at));
    reader_->read(base::ByteOffset(at), std::span(piece_).subspan(before));
    if (piece_.size() >= kPieceBytes)
      compress();
  }
  void compress() {
    if (piece_.empty())
      return;
    base::Bytes packed;
    stream_.append(piece_, packed);
    bytes += base::ByteCount(piece_.size());
    compressed += base::ByteCount(packed.size());
    piece_.clear();
  }

  base::ByteCount bytes;
  base::ByteCount compressed;

 private:
  const std::uint64_t size_;
  std::unique_ptr<disk::Reader> reader_;
  codec::StreamCompressor& stream_;
  base::Bytes piece_;
};

template <typename Visit>
void each_block_of(std::uint64_t group, std::uint16_t mask, const Visit& visit) {
  for (unsigned rest = mask; rest != 0; rest &= rest - 1)
    visit(group * model::kFanout + static_cast<unsigned>(std::countr_zero(rest)));
}

// Which of some blocks repeat one that lies up to so many non-zero blocks before them.
class Repeats {
 public:
  Repeats(const ReadDisk& disk, std::vector<std::uint64_t> asked, std::uint64_t remembered)
      : disk_(disk), asked_(std::move(asked)), remembered_(remembered), probably_asked_(kFilterBits) {
    note_asked();
    walk();
  }

  bool contains(std::uint64_t block) const { return repeated_.contains(block); }

 private:
  static constexpr std::size_t kFilterBits = std::size_t{1} << 20;
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  template <typename Visit>
  void each_rank(const Visit& visit) const {
    for (const model::TreeGroup& group : disk_.tree->groups()) {
      auto rank = disk_.tree->ranks_of(group).begin();
      each_block_of(group.index, group.mask, [&](std::uint64_t block) { visit(block, *rank++); });
    }
  }

  void note_asked() {
    for (const std::uint64_t block : asked_)
      if (const auto id = disk_.tree->id_at(model::BlockIndex(block)))
        if (const auto rank = disk_.tree->rank_of(*id)) {
          last_.emplace(*rank, kNever);
          probably_asked_[*rank % kFilterBits] = true;
        }
  }

  void walk() {
    std::uint64_t position = 0;
    auto asked = asked_.begin();
    each_rank([&](std::uint64_t block, std::uint32_t rank) {
      ++position;
      if (!probably_asked_[rank % kFilterBits])
        return;
      const auto last = last_.find(rank);
      if (last == last_.end() || disk_.elided.contains(model::BlockIndex(block).offset()))
        return;
      asked = std::find_if(asked, asked_.end(), [&](std::uint64_t other) { return other >= block; });
      const bool near = last->second != kNever && position - last->second <= remembered_;
      if (near && asked != asked_.end() && *asked == block)
        repeated_.insert(block);
      last->second = position;
    });
  }

  const ReadDisk& disk_;
  const std::vector<std::uint64_t> asked_;  // ascending
  const std::uint64_t remembered_;
  std::vector<bool> probably_asked_;                       // by the last bits of ranks
  std::unordered_map<std::uint32_t, std::uint64_t> last_;  // of ranks that were asked for: where they came up last
  std::unordered_set<std::uint64_t> repeated_;
};

std::vector<std::uint64_t> blocks_of(const transport::BlockSet& set) {
  std::vector<std::uint64_t> blocks;
  for (const transport::TileBlocks& tile : set)
    for (unsigned group = 0; group < transport::kTileGroups; ++group)
      each_block_of(tile.tile * transport::kTileGroups + group, tile.groups[group],
                    [&](std::uint64_t block) { blocks.push_back(block); });
  return blocks;
}

// A plain copy of the disk, by groups from all over it.
void sample_disk(const ReadDisk& disk, const disk::Image& image, transport::Sizes& sizes) {
  codec::StreamCompressor stream(kPlainLevel, codec::kWindowBitsMin);
  Pile whole(image, stream);
  const auto groups = disk.tree->groups();
  const std::size_t sampled = std::min(kDiskGroups, groups.size());
  for (std::size_t i = 0; i < sampled; ++i) {
    const model::TreeGroup& group = groups[i * groups.size() / sampled];
    each_block_of(group.index, group.mask, [&](std::uint64_t block) { whole.add(block); });
  }
  whole.compress();
  sizes.disk_bytes = whole.bytes;
  sizes.disk_compressed = whole.compressed;
}

}  // namespace

transport::Sizes SizeStream::add(const ReadDisk& disk, const transport::AskSizes& question,
                                 const base::CancelToken& cancel) {
  const auto image = open_disk(disk);
  const std::vector<std::uint64_t> blocks = blocks_of(question.blocks);
  const Repeats repeats(disk, blocks, question.remembered_blocks);
  transport::Sizes sizes;
  Pile asked(*image, stream_);
  for (const std::uint64_t block : blocks) {
    cancel.check();
    if (repeats.contains(block))
      sizes.repeated += base::ByteCount(model::kBlockBytes);
    else
      asked.add(block);
  }
  asked.compress();
  sizes.bytes = asked.bytes;
  sizes.compressed = asked.compressed;
  if (disks_.insert(question.disk).second)
    sample_disk(disk, *image, sizes);
  return sizes;
}

void TileCollector::add(model::BlockIndex first, std::uint64_t blocks) {
  for (std::uint64_t block = first.value; block < first.value + blocks; ++block) {
    const std::uint64_t tile = block / transport::kTileBlocks;
    if (blocks_.empty() || blocks_.back().tile != tile) {
      if (blocks_.size() == transport::kTilesMax)
        finish();
      blocks_.push_back({.tile = tile});
    }
    std::uint16_t& group = blocks_.back().groups[block / model::kFanout % transport::kTileGroups];
    group = static_cast<std::uint16_t>(group | 1U << block % model::kFanout);
  }
}

void TileCollector::finish() {
  if (!blocks_.empty())
    take_(std::exchange(blocks_, {}));
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
