#include "chunkstore/layers_reader.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fcntl.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "disk/identity.hpp"
#include "disk/open.hpp"

namespace jaunt::chunkstore {

namespace {

// What is read at once where blocks are asked for one behind another.
constexpr std::uint64_t kAheadBlocks = 64;

}  // namespace

// One layer, opened, with the bytes that were read ahead.
class LayersReader::OpenLayer {
 public:
  OpenLayer(std::uint32_t part, const LayerRecord& record)
      : part_(part), record_(record), image_(disk::open_layer(chain_of({record}), 0)), reader_(image_->reader()) {
    for (const SourceFile& file : record.files)
      files_.push_back(base::File::open(file.path, O_RDONLY | O_NONBLOCK));
    if (!unchanged() || image_->size() != record.virtual_size)
      throw base::Error(base::ErrorKind::io, "read", record.path().string(), "it is not what it was any more");
  }

  std::uint32_t part() const { return part_; }

  // Both throw where the blocks cannot be had.
  void read(std::uint64_t block, std::span<std::byte, model::kBlockBytes> into) {
    check();
    if (block < first_ || block >= first_ + buffer_.size() / model::kBlockBytes)
      fill(block);
    std::ranges::copy(std::span(buffer_).subspan((block - first_) * model::kBlockBytes, model::kBlockBytes),
                      into.begin());
  }

  void read_run(std::uint64_t block, std::span<std::byte> into) {
    check();
    const std::uint64_t blocks = model::block_count(image_->size());
    if (block >= blocks || into.size() / model::kBlockBytes > blocks - block)
      throw base::Error(base::ErrorKind::io, "read", record_.path().string(), "it has no such block");
    const std::uint64_t offset = block * model::kBlockBytes;
    const auto length = std::min<std::uint64_t>(into.size(), image_->size().value - offset);
    reader_->read(base::ByteOffset(offset), into.first(length));
    std::ranges::fill(into.subspan(length), std::byte{0});
  }

 private:
  void check() const {
    if (!unchanged())
      throw base::Error(base::ErrorKind::io, "read", record_.path().string(), "it was changed");
  }

  // A hint's files may be written to, but must still be these.
  bool unchanged() const {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      const model::FileIdentity now = disk::identify(files_[i]);
      const model::FileIdentity& then = record_.files[i].identity;
      if (record_.hint ? now.device != then.device || now.inode != then.inode : now != then)
        return false;
    }
    return true;
  }

  void fill(std::uint64_t block) {
    const std::uint64_t blocks = model::block_count(image_->size());
    if (block >= blocks)
      throw base::Error(base::ErrorKind::io, "read", record_.path().string(), "it has no such block");
    const bool in_order = block == first_ + buffer_.size() / model::kBlockBytes;
    const std::uint64_t count = std::min(blocks - block, in_order ? kAheadBlocks : 1);
    buffer_.assign(count * model::kBlockBytes, std::byte{0});
    first_ = block;
    const std::uint64_t offset = block * model::kBlockBytes;
    const auto length = std::min<std::uint64_t>(buffer_.size(), image_->size().value - offset);
    try {
      reader_->read(base::ByteOffset(offset), std::span(buffer_).first(length));
    } catch (...) {
      buffer_.clear();
      throw;
    }
  }

  std::uint32_t part_;
  const LayerRecord& record_;
  std::unique_ptr<disk::Image> image_;
  std::unique_ptr<disk::Reader> reader_;
  std::vector<base::File> files_;
  std::uint64_t first_ = 0;  // block in `buffer_`
  base::Bytes buffer_;       // whole blocks
};

LayersReader::LayersReader(const LayersSource& source) : source_(source) {}

LayersReader::~LayersReader() = default;

bool LayersReader::read(const Place& place, std::span<std::byte, model::kBlockBytes> into) {
  return guarded(place, [&](OpenLayer& open) { open.read(place.block, into); });
}

bool LayersReader::read_run(const Place& first, std::span<std::byte> into) {
  return guarded(first, [&](OpenLayer& open) { open.read_run(first.block, into); });
}

template <typename Work>
bool LayersReader::guarded(const Place& place, const Work& work) {
  if (place.part >= source_.parts() || stale_.contains(place.part))
    return false;
  try {
    work(*layer(place.part));
    return true;
  } catch (const base::Error&) {
    stale_.insert(place.part);
    std::erase_if(open_, [&](const auto& open) { return open->part() == place.part; });
    return false;
  }
}

LayersReader::OpenLayer* LayersReader::layer(std::uint32_t part) {
  const auto known = std::ranges::find_if(open_, [&](const auto& open) { return open->part() == part; });
  if (known != open_.end()) {
    open_.splice(open_.begin(), open_, known);
  } else {
    auto opened = std::make_unique<OpenLayer>(part, source_.record(part));
    if (open_.size() == kOpenMax)
      open_.pop_back();
    open_.push_front(std::move(opened));
  }
  return open_.front().get();
}

}  // namespace jaunt::chunkstore
