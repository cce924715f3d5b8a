#include "engine/package_catalog.hpp"

#include <chrono>
#include <ctime>
#include <thread>
#include <utility>

#include <fcntl.h>

#include "base/file.hpp"
#include "chunkstore/layer_state.hpp"
#include "disk/identity.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using chunkstore::EntryKind;
using chunkstore::EntryRecord;
using chunkstore::ImageRecord;

namespace {

// A file that was changed this very instant can only be catalogued as a hint.
constexpr std::chrono::milliseconds kTickOfClocks{20};
constexpr const char* kFormat = "raw";

disk::Chain chain_of(const fs::path& path) {
  const auto file = base::File::open(path, O_RDONLY);
  const auto size = base::ByteCount(static_cast<std::uint64_t>(file.stat().st_size));
  disk::Chain chain;
  chain.layers.push_back(
      {.path = path.string(), .format = kFormat, .virtual_size = size, .allocated = size, .identity = disk::identify(file)});
  chain.parts.emplace_back();
  return chain;
}

}  // namespace

PackageCatalog::PackageCatalog(const fs::path& home, const fs::path& folder, std::string realm)
    : catalog_(home),
      entry_{.realm = std::move(realm),
             .kind = EntryKind::packages,
             .location = fs::canonical(folder).string(),
             .added_at = std::time(nullptr)} {}

void PackageCatalog::add(const std::vector<fs::path>& files, base::Progress& progress, const base::CancelToken& cancel) {
  if (files.empty())
    return;
  catalog_.add_entry(entry_);
  std::this_thread::sleep_for(kTickOfClocks);
  for (const fs::path& file : files) {
    cancel.check();
    const fs::path path = fs::canonical(file);
    if (fs::file_size(path) == 0)
      continue;
    const chunkstore::LayerKey key = chunkstore::layer_key(entry_.realm, path, kFormat);
    const auto known = catalog_.find_layer(key);
    if (!known || known->hint || !chunkstore::still_there(*known) || !fs::exists(catalog_.tree_path(*known)))
      catalog_.scan_layer(chain_of(path), 0, {.threads = 1}, progress, cancel, entry_.realm);
    catalog_.put_image({.realm = entry_.realm,
                        .entry = key_of(entry_),
                        .path = path.string(),
                        .size = base::ByteCount(fs::file_size(path)),
                        .layers = {key}});
  }
}

void PackageCatalog::forget_gone() {
  for (const EntryRecord& entry : catalog_.entries()) {
    if (entry.kind != EntryKind::packages)
      continue;
    std::vector<chunkstore::ImageKey> present;
    for (const ImageRecord& image : catalog_.images())
      if (image.entry == key_of(entry) && fs::exists(image.path))
        present.push_back(key_of(image));
    catalog_.retain_images(key_of(entry), present);
  }
}

}  // namespace jaunt::engine
