#include "chunkstore/layers_source.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <tuple>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "chunkstore/layer_state.hpp"
#include "chunkstore/layers_reader.hpp"

namespace jaunt::chunkstore {

std::unique_ptr<LayersSource> LayersSource::open(const Catalog& catalog, std::string_view realm,
                                                 const std::optional<model::RealmKey>& key) {
  std::unique_ptr<LayersSource> source(new LayersSource(catalog, key));
  Catalog::Holdings holdings = catalog.holdings(realm);
  source->add_parts(std::move(holdings.layers), holdings.packages, model::realm_fingerprint(key));
  source->add_images(holdings.images);
  return source;
}

LayersSource::LayersSource(const Catalog& catalog, const std::optional<model::RealmKey>& key)
    : catalog_(catalog), key_(key) {}

void LayersSource::add_parts(std::vector<LayerRecord> records, const std::set<LayerKey>& packages,
                             const base::Hash32& realm_key) {
  const auto is_package = [&](const LayerRecord& record) { return packages.contains(key_of(record)); };
  std::ranges::sort(records, {}, [&](const LayerRecord& record) {
    return std::tuple(record.hint, is_package(record), ~record.ids, std::tie(record.path(), record.format));
  });
  for (LayerRecord& record : records) {
    if (parts_.size() == kPartsMax)
      return;
    if (record.realm_key != realm_key || !still_there(record))
      continue;
    try {
      parts_.push_back(
          {.record = record, .tree = LayerFile(catalog_.tree_path(record)), .package = is_package(record)});
    } catch (const base::Error&) {  // replaced or broken meanwhile: as if it were not there yet
      continue;
    }
  }
  for (std::uint32_t part = 0; part < parts(); ++part)
    lookup_.add(part, tree(part));
}

void LayersSource::add_images(const std::vector<ImageRecord>& records) {
  std::map<LayerKey, std::uint32_t> part_of;
  for (std::uint32_t part = 0; part < parts(); ++part)
    part_of.emplace(key_of(parts_[part].record), part);
  std::set<std::vector<std::uint32_t>> stacks;
  std::set<std::string> names;
  std::vector<const ImageRecord*> order;
  order.reserve(records.size());
  for (const ImageRecord& record : records)
    order.push_back(&record);
  std::ranges::sort(order, {}, [](const ImageRecord* record) {
    return std::tuple(record->domain.empty(), !record->snapshot.empty(), record->name(), record->entry);
  });
  for (const ImageRecord* record : order) {
    HeldImage image{.name = record->name(),
                    .path = record->path,
                    .domain = record->domain,
                    .target = record->target,
                    .snapshot = record->snapshot,
                    .size = record->size,
                    .layers = {}};
    for (const LayerKey& key : record->layers)
      if (const auto found = part_of.find(key); found != part_of.end())
        image.layers.push_back(found->second);
    if (image.layers.empty() || image.layers.size() != record->layers.size() || !stacks.insert(image.layers).second)
      continue;
    if (!names.insert(image.name).second)  // of another connection
      image.name += " (" + image.path + ")";
    image.hint = std::ranges::any_of(image.layers, [&](std::uint32_t part) { return parts_[part].record.hint; });
    images_.push_back(std::move(image));
  }
  std::ranges::sort(images_, {}, &HeldImage::name);
}

const std::string& LayersSource::name() const {
  static const std::string name = "layers";
  return name;
}

std::uint64_t LayersSource::ids() const {
  return lookup_.ids();
}

std::string LayersSource::part_name(std::uint32_t part) const {
  return base::printable(record(part).path().string());
}

const model::TreeView& LayersSource::tree(std::uint32_t part) const {
  return parts_.at(part).tree.view();
}

const LayerRecord& LayersSource::record(std::uint32_t part) const {
  return parts_.at(part).record;
}

void LayersSource::find(std::span<const model::BlockId> ids, const Found& found) const {
  lookup_.find(ids, found);
}

void LayersSource::complete(std::span<const std::uint64_t> prefixes, unsigned bits,
                            const Completed& completed) const {
  lookup_.complete(prefixes, bits, completed);
}

void LayersSource::ids_from(const Place& first, std::span<model::BlockId> ids) const {
  std::ranges::fill(ids, model::BlockId{});
  if (first.part >= parts())
    return;
  const model::TreeView& tree = parts_[first.part].tree.view();
  const auto groups = tree.groups();
  std::array<model::BlockId, model::kFanout> buffer;
  for (std::size_t at = tree.first_group_at(first.block / model::kFanout); at < groups.size(); ++at) {
    const std::uint64_t begin = std::uint64_t{groups[at].index} * model::kFanout;
    if (begin >= first.block + ids.size())
      return;
    const auto own = tree.ids_of(groups[at], buffer);
    std::size_t ordinal = 0;
    for (unsigned mask = groups[at].mask; mask != 0; mask &= mask - 1, ++ordinal) {
      const std::uint64_t block = begin + static_cast<unsigned>(std::countr_zero(mask));
      if (block >= first.block && block < first.block + ids.size())
        ids[block - first.block] = own[ordinal];
    }
  }
}

std::unique_ptr<SourceReader> LayersSource::reader() const {
  return std::make_unique<LayersReader>(*this);
}

LayerFile LayersSource::compose(const HeldImage& image) const {
  std::vector<LayerRecord> records;
  std::vector<const LayerFile*> trees;
  for (const std::uint32_t part : image.layers) {
    records.push_back(record(part));
    trees.push_back(&parts_[part].tree);
  }
  return catalog_.compose(records, trees, key_);
}

}  // namespace jaunt::chunkstore
