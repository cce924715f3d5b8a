#include "engine/disk_recipe.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
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

DiskRecipe::DiskRecipe(const model::DiskPlan& plan, const model::RunList& runs, const std::filesystem::path& tiles,
                       const Holdings& holdings)
    : tiles_(tiles, plan.size, plan.carried_root) {
  std::vector<std::uint32_t> parts;
  for (const model::PlannedLayer& layer : plan.layers)
    parts.push_back(part_of(layer, holdings));
  open_base(plan, parts, holdings);
  store_ = source_of_store_ids(runs.store_ids, holdings.store_source());
  recipe_ = {.size = plan.size,
             .tiles = &tiles_,
             .runs = {},
             .sources = {base_ ? base_.get() : &holdings.layers(), &holdings.layers(), store_.get(),
                         &holdings.store_source()}};
  std::uint64_t at = 0;
  std::uint64_t store_blocks = 0;
  for (const model::Run& run : runs.runs) {
    sync::RecipeRun made{.first = model::BlockIndex(at), .blocks = run.blocks, .kind = run.source, .spot = {}};
    if (run.source == SourceKind::store)
      made.spot = {kStoreIds, {0, std::exchange(store_blocks, store_blocks + run.blocks)}};
    else if (run.source == SourceKind::base && run.part == model::kInPlace)
      made.spot = {kBaseImage, {0, run.from.value}};
    else if (run.source == SourceKind::base || run.source == SourceKind::local)
      made.spot = {kLayers, {parts.at(run.part), run.from.value}};
    else if (run.source != SourceKind::zero)
      made.kind = SourceKind::wire;
    recipe_.runs.push_back(made);
    at += run.blocks;
  }
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
