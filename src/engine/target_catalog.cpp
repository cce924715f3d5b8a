#include "engine/target_catalog.hpp"

#include <chrono>
#include <ctime>
#include <thread>

#include <fmt/format.h>

#include "base/text.hpp"
#include "chunkstore/catalog.hpp"
#include "chunkstore/layer_state.hpp"
#include "disk/chain.hpp"
#include "engine/thin_records.hpp"

namespace jaunt::engine {

namespace {

// A file that was changed this very instant can only be catalogued as a hint.
constexpr std::chrono::milliseconds kTickOfClocks{20};

}  // namespace

void catalogue_target(const DiskPlace& place, const std::string& realm, const sync::ProvedIds* proved,
                      const Workplace& workplace) {
  disk::Policy policy{.folders = {place.path.parent_path()}, .devices = {}};
  if (const auto thin = ThinRecords(workplace.home.path()).target(place.path))
    for (const StoodOnFile& file : thin->files)
      policy.folders.push_back(file.path.parent_path());
  const disk::Chain chain = disk::resolve_chain({.path = place.path, .format = place.format}, policy);
  chunkstore::Catalog catalog(workplace.home.path());
  const chunkstore::EntryRecord entry{
      .realm = realm, .location = chain.top().path, .format = place.format, .added_at = std::time(nullptr)};
  catalog.add_entry(entry);
  chunkstore::ImageRecord image{
      .realm = realm, .entry = key_of(entry), .path = chain.top().path, .size = chain.size()};
  std::this_thread::sleep_for(kTickOfClocks);
  for (std::size_t i = 0; i < chain.layers.size(); ++i) {
    const model::Layer& layer = chain.layers[i];
    image.layers.push_back(chunkstore::layer_key(realm, layer.path, layer.format));
    const auto known = i > 0 ? catalog.find_layer(image.layers.back()) : std::nullopt;
    if (known && chunkstore::state_of(*known) == chunkstore::LayerState::unchanged)
      continue;
    workplace.progress.stage(
        fmt::format("cataloguing {}", base::printable(std::filesystem::path(layer.path).filename().string())),
        layer.virtual_size);
    if (proved != nullptr && chain.layers.size() == 1)
      catalog.keep_layer(
          chain, [&](const std::filesystem::path& tree) { return proved->write_tree(tree); }, realm);
    else
      catalog.scan_layer(chain, i, {.threads = workplace.config.threads}, workplace.progress, workplace.cancel,
                         realm);
  }
  catalog.put_image(image);
}

}  // namespace jaunt::engine
