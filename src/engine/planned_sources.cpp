#include "engine/planned_sources.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "disk/open.hpp"

namespace jaunt::engine {

using chunkstore::Place;
using model::BlockId;

namespace {

// What both have in common: they are named by a plan, and found by nobody else.
class PlannedSource : public chunkstore::Source {
 public:
  explicit PlannedSource(std::string name) : name_(std::move(name)) {}

  const std::string& name() const final { return name_; }
  std::uint64_t ids() const final { return 0; }
  std::string part_name(std::uint32_t) const final { return base::printable(name_); }
  void find(std::span<const BlockId>, const Found&) const final {}
  void complete(std::span<const std::uint64_t>, unsigned, const Completed&) const final {}

 private:
  std::string name_;
};

class WholeImage final : public PlannedSource {
 public:
  WholeImage(chunkstore::LayerFile tree, const disk::Chain& chain)
      : PlannedSource(chain.top().path), tree_(std::move(tree)), image_(disk::open_image(chain)) {}

  void ids_from(const Place& first, std::span<BlockId> ids) const override {
    for (std::size_t i = 0; i < ids.size(); ++i)
      ids[i] = tree_.view().id_at(model::BlockIndex(first.block + i)).value_or(BlockId{});
  }

  std::unique_ptr<chunkstore::SourceReader> reader() const override { return std::make_unique<Reader>(*image_); }

 private:
  class Reader final : public chunkstore::SourceReader {
   public:
    explicit Reader(const disk::Image& image) : size_(image.size().value), reader_(image.reader()) {}

    bool read(const Place& place, std::span<std::byte, model::kBlockBytes> into) override {
      return read_run(place, into);
    }
    bool read_run(const Place& first, std::span<std::byte> into) override {
      const std::uint64_t at = first.block * model::kBlockBytes;
      if (at >= size_)
        return false;
      const auto length = std::min<std::uint64_t>(into.size(), size_ - at);
      try {
        reader_->read(base::ByteOffset(at), into.first(length));
      } catch (const base::Error&) {
        return false;
      }
      std::ranges::fill(into.subspan(length), std::byte{0});
      return true;
    }

   private:
    const std::uint64_t size_;
    std::unique_ptr<disk::Reader> reader_;
  };

  chunkstore::LayerFile tree_;
  std::unique_ptr<disk::Image> image_;
};

class StoreIds final : public PlannedSource {
 public:
  StoreIds(std::span<const BlockId> ids, const chunkstore::Source& store)
      : PlannedSource(store.name()), ids_(ids), store_(store) {}

  void ids_from(const Place& first, std::span<BlockId> ids) const override {
    for (std::size_t i = 0; i < ids.size(); ++i)
      ids[i] = first.block + i < ids_.size() ? ids_[first.block + i] : BlockId{};
  }

  std::unique_ptr<chunkstore::SourceReader> reader() const override { return std::make_unique<Reader>(*this); }

 private:
  // Looks up the places of many blocks at a time.
  class Reader final : public chunkstore::SourceReader {
   public:
    explicit Reader(const StoreIds& source) : source_(source), reader_(source.store_.reader()) {}

    bool read(const Place& place, std::span<std::byte, model::kBlockBytes> into) override {
      if (place.block >= source_.ids_.size())
        return false;
      const BlockId& id = source_.ids_[place.block];
      if (place.block < known_from_ || place.block >= known_to_)
        look_up(place.block);
      const auto found = places_.find(id);
      return found != places_.end() && reader_->read(found->second, into);
    }

   private:
    static constexpr std::uint64_t kAtOnce = 1024;

    void look_up(std::uint64_t from) {
      known_from_ = from;
      known_to_ = std::min<std::uint64_t>(from + kAtOnce, source_.ids_.size());
      const auto some = source_.ids_.subspan(known_from_, known_to_ - known_from_);
      std::vector<BlockId> ids(some.begin(), some.end());
      std::ranges::sort(ids);
      ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
      places_.clear();
      source_.store_.find(ids, [&](std::size_t index, const Place& place) { places_[ids[index]] = place; });
    }

    const StoreIds& source_;
    std::unique_ptr<chunkstore::SourceReader> reader_;
    std::uint64_t known_from_ = 0;
    std::uint64_t known_to_ = 0;
    std::unordered_map<BlockId, Place> places_;
  };

  std::span<const BlockId> ids_;
  const chunkstore::Source& store_;
};

}  // namespace

std::unique_ptr<chunkstore::Source> source_of_whole_image(chunkstore::LayerFile tree, const disk::Chain& chain) {
  return std::make_unique<WholeImage>(std::move(tree), chain);
}

std::unique_ptr<chunkstore::Source> source_of_store_ids(std::span<const BlockId> ids,
                                                        const chunkstore::Source& store) {
  return std::make_unique<StoreIds>(ids, store);
}

}  // namespace jaunt::engine
