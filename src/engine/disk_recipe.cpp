#include "engine/disk_recipe.hpp"

#include <algorithm>
#include <utility>

#include <fcntl.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "disk/identity.hpp"
#include "engine/planned_sources.hpp"

namespace jaunt::engine {

using base::Error;
using base::ErrorKind;
using model::SourceKind;

namespace {

// Indices into Recipe::sources.
constexpr std::uint32_t kBaseImage = 0;
constexpr std::uint32_t kLayers = 1;
constexpr std::uint32_t kStoreIds = 2;

[[noreturn]] void outdated(const std::string& path) {
  throw Error(ErrorKind::busy, "carry out the plan with", base::printable(path),
              "it is not what it was when the plan was made", "plan again");
}

std::uint32_t part_of(const model::PlannedLayer& planned, const Holdings& holdings) {
  for (std::uint32_t part = 0; part < holdings.layers().parts(); ++part)
    if (holdings.planned(part).files == planned.files)
      return part;
  outdated(planned.path);
}

}  // namespace

DiskRecipe::DiskRecipe(const model::DiskPlan& plan, const model::RunListView& runs,
                       const std::filesystem::path& tiles, const Holdings& holdings,
                       const std::filesystem::path& scratch)
    : tiles_(tiles, plan.size, plan.carried_root), runs_(scratch) {
  std::vector<std::uint32_t> parts;
  for (const model::PlannedLayer& layer : plan.layers)
    parts.push_back(part_of(layer, holdings));
  open_base(plan, parts, holdings);
  open_raw_layers(plan, parts, holdings);
  store_ = source_of_store_ids(runs.store_ids(), holdings.store_source());
  recipe_ = {.size = plan.size,
             .tiles = &tiles_,
             .runs = {},
             .sources = {base_ ? base_.get() : &holdings.layers(), &holdings.layers(), store_.get(),
                         &holdings.store_source()},
             .base = base_ ? std::optional(kBaseImage) : std::nullopt,
             .raw = [this](const sync::Spot& spot) { return raw_place(spot); }};
  std::uint64_t at = 0;
  std::uint64_t store_blocks = 0;
  runs.each_run([&](const model::Run& run) {
    sync::RecipeRun made{.first = model::BlockIndex(at), .blocks = run.blocks, .kind = run.source, .spot = {}};
    if (run.source == SourceKind::store)
      made.spot = {kStoreIds, {0, std::exchange(store_blocks, store_blocks + run.blocks)}};
    else if (run.source == SourceKind::base && run.part == model::kInPlace)
      made.spot = {kBaseImage, {0, run.from.value}};
    else if (run.source == SourceKind::base || run.source == SourceKind::local || run.source == SourceKind::package)
      made.spot = {kLayers, {parts.at(run.part), run.from.value}};
    else if (run.source != SourceKind::zero)
      made.kind = SourceKind::wire;
    runs_.add(made);
    at += run.blocks;
  });
  recipe_.runs = runs_.map();
}

void DiskRecipe::open_raw_layers(const model::DiskPlan& plan, const std::vector<std::uint32_t>& parts,
                                 const Holdings& holdings) {
  const auto of_base = std::ranges::count_if(plan.layers, &model::PlannedLayer::of_base);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const chunkstore::LayerRecord& record = holdings.layers().record(parts[i]);
    // Of packages there are more than a process may have files open, and each gives little.
    if (record.format != "raw" || record.block_device || holdings.layers().is_package(parts[i]))
      continue;
    auto file = base::File::open(record.path(), O_RDONLY | O_NONBLOCK);
    if (disk::identify(file) != record.files.front().identity)
      continue;  // nothing is referred to that may be another file; the reader finds out
    raw_layers_.emplace(parts[i], std::move(file));
    if (plan.layers[i].of_base && of_base == 1)
      raw_base_ = parts[i];
  }
}

std::optional<sync::RawPlace> DiskRecipe::raw_place(const sync::Spot& spot) const {
  std::optional<std::uint32_t> part;
  if (spot.source == kLayers)
    part = spot.place.part;
  else if (spot.source == kBaseImage)
    part = raw_base_;
  const auto file = part ? raw_layers_.find(*part) : raw_layers_.end();
  if (file == raw_layers_.end())
    return std::nullopt;
  return sync::RawPlace{&file->second, model::BlockIndex(spot.place.block).offset()};
}

void DiskRecipe::open_base(const model::DiskPlan& plan, const std::vector<std::uint32_t>& parts,
                           const Holdings& holdings) {
  std::vector<std::uint32_t> layers;
  std::vector<chunkstore::LayerRecord> records;
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (plan.layers[i].of_base) {
      layers.push_back(parts[i]);
      records.push_back(holdings.layers().record(parts[i]));
    }
  if (layers.empty())
    return;
  const auto& images = holdings.layers().images();
  const auto image = std::ranges::find(images, layers, &chunkstore::HeldImage::layers);
  if (image == images.end())
    outdated(plan.layers.front().path);
  base_ = source_of_whole_image(holdings.layers().compose(*image), chunkstore::chain_of(records));
}

}  // namespace jaunt::engine
