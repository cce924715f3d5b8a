#include "engine/holdings.hpp"

#include <algorithm>

#include "chunkstore/id_search.hpp"

namespace jaunt::engine {

using chunkstore::Place;
using model::BlockId;

namespace {

class ImageSource final : public chunkstore::Source {
 public:
  ImageSource(const chunkstore::LayersSource& layers, const chunkstore::HeldImage& image)
      : layers_(layers), name_(image.name), parts_(image.layers) {}

  const std::string& name() const override { return name_; }
  std::uint64_t ids() const override {
    std::uint64_t count = 0;
    for (const std::uint32_t part : parts_)
      count += layers_.tree(part).ids().size();
    return count;
  }
  std::string part_name(std::uint32_t part) const override { return layers_.part_name(part); }

  void find(std::span<const BlockId> ids, const Found& found) const override {
    std::vector<std::optional<Place>> places(ids.size());
    for (const std::uint32_t part : parts_) {
      const model::TreeView& tree = layers_.tree(part);
      chunkstore::intersect(ids, tree.ids(), [&](std::size_t i, std::size_t rank) {
        if (!places[i])
          places[i] = place_of(part, rank);
      });
    }
    for (std::size_t i = 0; i < ids.size(); ++i)
      if (places[i])
        found(i, *places[i]);
  }

  void complete(std::span<const std::uint64_t> prefixes, unsigned bits, const Completed& completed) const override {
    base::invariant(bits >= 8 && bits <= 64, "prefixes have 8 to 64 bits");
    for (const std::uint32_t part : parts_) {
      const model::TreeView& tree = layers_.tree(part);
      const auto ids = tree.ids();
      std::size_t rank = 0;
      for (std::size_t i = 0; i < prefixes.size(); ++i) {
        const auto head = [&](std::size_t at) { return chunkstore::head_of(ids[at]) >> (64 - bits); };
        rank = chunkstore::gallop(rank, ids.size(), [&](std::size_t at) { return head(at) < prefixes[i]; });
        for (std::size_t same = rank; same < ids.size() && head(same) == prefixes[i]; ++same)
          completed(i, ids[same], place_of(part, same));
      }
    }
  }

  void ids_from(const Place& first, std::span<BlockId> ids) const override { layers_.ids_from(first, ids); }
  std::unique_ptr<chunkstore::SourceReader> reader() const override { return layers_.reader(); }

 private:
  Place place_of(std::uint32_t part, std::size_t rank) const {
    return {.part = part, .block = layers_.tree(part).first_block_of(static_cast<std::uint32_t>(rank)).value};
  }

  const chunkstore::LayersSource& layers_;
  const std::string name_;
  const std::vector<std::uint32_t> parts_;
};

}  // namespace

Holdings::Holdings(const Home& home, const std::string& realm)
    : catalog_(home.path()),
      store_(home.path()),
      realm_{.name = realm},
      layers_(chunkstore::LayersSource::open(catalog_, realm)),
      store_source_(store_.source(realm_)) {
  for (const chunkstore::HeldImage& image : layers_->images())
    candidates_.push_back({.name = image.name, .layers = image.layers});
  for (std::uint32_t part = 0; part < layers_->parts(); ++part)
    trees_.push_back(&layers_->tree(part));
}

model::PlannedLayer Holdings::planned(std::uint32_t part) const {
  const chunkstore::LayerRecord& record = layers_->record(part);
  model::PlannedLayer layer{.path = record.path().string(), .hint = record.hint};
  for (const chunkstore::SourceFile& file : record.files)
    layer.files.push_back({.path = file.path.string(), .identity = file.identity});
  return layer;
}

std::unique_ptr<chunkstore::Source> source_of_image(const chunkstore::LayersSource& layers,
                                                    const chunkstore::HeldImage& image) {
  return std::make_unique<ImageSource>(layers, image);
}

}  // namespace jaunt::engine
