#include "engine/holdings.hpp"

namespace jaunt::engine {

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

}  // namespace jaunt::engine
