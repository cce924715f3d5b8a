#include "engine/target_catalog.hpp"

#include <chrono>
#include <ctime>
#include <thread>

#include <fmt/format.h>

#include "base/text.hpp"
#include "chunkstore/catalog.hpp"
#include "disk/chain.hpp"

namespace jaunt::engine {

namespace {

// A file that was changed this very instant can only be catalogued as a hint.
constexpr std::chrono::milliseconds kTickOfClocks{20};

}  // namespace

void catalogue_target(const std::filesystem::path& path, const std::string& format, const std::string& realm,
                      const sync::ProvedIds* proved, const Workplace& workplace) {
  const disk::Chain chain =
      disk::resolve_chain({.path = path, .format = format}, {.folders = {path.parent_path()}, .devices = {}});
  workplace.progress.stage(fmt::format("cataloguing {}", base::printable(path.filename().string())), chain.size());
  chunkstore::Catalog catalog(workplace.home.path());
  const chunkstore::EntryRecord entry{
      .realm = realm, .location = chain.top().path, .format = format, .added_at = std::time(nullptr)};
  catalog.add_entry(entry);
  std::this_thread::sleep_for(kTickOfClocks);
  if (proved != nullptr && chain.layers.size() == 1)
    catalog.keep_layer(
        chain, [&](const std::filesystem::path& tree) { return proved->write_tree(tree); }, realm);
  else
    catalog.scan_layer(chain, 0, {.threads = workplace.config.threads}, workplace.progress, workplace.cancel, realm);
  chunkstore::ImageRecord image{
      .realm = realm, .entry = key_of(entry), .path = chain.top().path, .size = chain.size()};
  image.layers.push_back(chunkstore::layer_key(realm, chain.top().path, chain.top().format));
  catalog.put_image(image);
}

}  // namespace jaunt::engine
