#include "chunkstore/layers_source.hpp"

namespace jaunt::chunkstore {

namespace {

class ImageSource final : public Source {
 public:
  ImageSource(const LayersSource& layers, const HeldImage& image) : layers_(layers), name_(image.name) {
    for (const std::uint32_t part : image.layers)
      lookup_.add(part, layers.tree(part));
  }

  const std::string& name() const override { return name_; }
  std::uint64_t ids() const override { return lookup_.ids(); }
  std::string part_name(std::uint32_t part) const override { return layers_.part_name(part); }
  void find(std::span<const model::BlockId> ids, const Found& found) const override { lookup_.find(ids, found); }
  void complete(std::span<const std::uint64_t> prefixes, unsigned bits, const Completed& completed) const override {
    lookup_.complete(prefixes, bits, completed);
  }
  void ids_from(const Place& first, std::span<model::BlockId> ids) const override { layers_.ids_from(first, ids); }
  std::unique_ptr<SourceReader> reader() const override { return layers_.reader(); }

 private:
  const LayersSource& layers_;
  const std::string name_;
  LayersLookup lookup_;
};

}  // namespace

std::unique_ptr<Source> source_of_image(const LayersSource& layers, const HeldImage& image) {
  return std::make_unique<ImageSource>(layers, image);
}

}  // namespace jaunt::chunkstore
