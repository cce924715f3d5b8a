// jaunt catalog add, own, list, remove, rescan.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/text.hpp"
#include "chunkstore/layer_state.hpp"
#include "context.hpp"
#include "engine/catalog_entries.hpp"
#include "engine/catalog_rescan.hpp"
#include "engine/low_priority.hpp"
#include "engine/owned_base.hpp"
#include "handlers.hpp"
#include "interrupt.hpp"
#include "progress_line.hpp"
#include "report.hpp"
#include "terminal.hpp"

namespace jaunt::cli {

using base::printable;
using chunkstore::EntryRecord;
using chunkstore::ImageRecord;
using chunkstore::LayerKey;
using chunkstore::LayerRecord;
using Json = nlohmann::ordered_json;

namespace {

constexpr int kPartly = 3;

std::string realm_of(const Invocation& invocation) {
  return invocation.value("--realm").value_or(std::string(chunkstore::kDefaultRealm));
}

// What a command works with, alive as long as it.
struct Scene {
  engine::Config config;
  engine::Home home;
  ProgressLine progress;

  explicit Scene(const Invocation& invocation)
      : config(engine::valid_config(load_config(invocation))),
        home(home_path(invocation)),
        progress(invocation.flag("--quiet")) {}
  engine::Workplace workplace() {
    return {.home = home, .config = config, .progress = progress, .cancel = interrupted()};
  }
};

// Does the same for every argument; what fails is told, and the others are done all the same.
template <typename Work>
int for_each_argument(const Invocation& invocation, const Work& work) {
  int code = 0;
  std::size_t failed = 0;
  for (const std::string& argument : invocation.arguments()) {
    try {
      work(argument);
    } catch (const base::Error& error) {
      interrupted().check();
      code = report(error, invocation.flag("--json"));
      ++failed;
    }
  }
  return failed > 0 && failed < invocation.arguments().size() ? kPartly : code;
}

std::string time_text(std::int64_t seconds) {
  return seconds == 0 ? "never" : fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(seconds));
}

// The part of the catalog that is asked for.
struct Listing {
  std::vector<EntryRecord> entries;
  std::vector<ImageRecord> images;
  std::map<LayerKey, LayerRecord> layers;  // those of the images
  std::set<std::filesystem::path> owned;
  std::map<std::filesystem::path, std::vector<std::string>> carries;  // thin images, by what they stand on

  Listing(const chunkstore::Catalog& catalog, const engine::ThinRecords& thin,
          const std::optional<std::string>& realm)
      : entries(catalog.entries()), images(catalog.images()) {
    for (const engine::StoodOnFile& file : thin.owned())
      if (thin.owns(file.path))
        owned.insert(file.path);
    for (const engine::ThinTarget& target : thin.targets())
      for (const engine::StoodOnFile& file : target.files)
        carries[file.path].push_back(printable(target.path.string()));
    const auto elsewhere = [&](const auto& record) { return realm && record.realm != *realm; };
    std::erase_if(entries, elsewhere);
    std::erase_if(images, elsewhere);
    std::map<LayerKey, LayerRecord> all;
    for (LayerRecord& record : catalog.layers())
      all.emplace(key_of(record), std::move(record));
    for (const ImageRecord& image : images)
      for (const LayerKey& key : image.layers)
        if (const auto found = all.find(key); found != all.end())
          layers.insert(*found);
  }

  std::vector<const ImageRecord*> images_of(const EntryRecord& entry) const {
    std::vector<const ImageRecord*> result;
    for (const ImageRecord& image : images)
      if (image.entry == key_of(entry))
        result.push_back(&image);
    return result;
  }
};

std::string_view state_text(const LayerRecord& layer) {
  if (!chunkstore::still_there(layer))
    return "changed";
  return layer.hint ? "in use" : "known";
}

Json json_of(const LayerRecord& layer, const Listing& listing) {
  const auto carried = listing.carries.find(layer.path());
  return {{"path", printable(layer.path().string())},
          {"realm", layer.realm},
          {"format", layer.format},
          {"virtual_bytes", layer.virtual_size.value},
          {"data_bytes", layer.nonzero_blocks * model::kBlockBytes},
          {"distinct_blocks", layer.ids},
          {"root", base::to_hex(layer.root)},
          {"scanned_at", layer.scanned_at},
          {"state", state_text(layer)},
          {"owned", listing.owned.contains(layer.path())},
          {"carries", carried == listing.carries.end() ? Json::array() : Json(carried->second)}};
}

Json json_of(const ImageRecord& image, const Listing& listing) {
  Json layers = Json::array();
  for (const LayerKey& key : image.layers)
    if (const auto layer = listing.layers.find(key); layer != listing.layers.end())
      layers.push_back(printable(layer->second.path().string()));
  return {{"name", printable(image.name())},   {"realm", image.realm},
          {"path", printable(image.path)},     {"domain", printable(image.domain)},
          {"target", printable(image.target)}, {"snapshot", printable(image.snapshot)},
          {"bytes", image.size.value},         {"layers", std::move(layers)}};
}

Json json_of(const EntryRecord& entry) {
  Json json{{"location", printable(entry.location)},
            {"realm", entry.realm},
            {"kind", to_string(entry.kind)},
            {"added_at", entry.added_at},
            {"rescanned_at", entry.rescanned_at},
            {"excluded", Json::array()},
            {"problems", Json::array()}};
  for (const std::string& path : entry.excluded)
    json["excluded"].push_back(printable(path));
  for (const std::string& problem : entry.problems)
    json["problems"].push_back(printable(problem));
  return json;
}

std::string listing_json(const Listing& listing) {
  Json document{
      {"type", "catalog"}, {"entries", Json::array()}, {"images", Json::array()}, {"layers", Json::array()}};
  for (const EntryRecord& entry : listing.entries)
    document["entries"].push_back(json_of(entry));
  for (const ImageRecord& image : listing.images)
    document["images"].push_back(json_of(image, listing));
  for (const auto& [key, layer] : listing.layers)
    document["layers"].push_back(json_of(layer, listing));
  return document.dump();
}

void print_image(const ImageRecord& image, const Listing& listing) {
  fmt::print("  {}\n", printable(image.name()));
  for (const LayerKey& key : image.layers)
    if (const auto found = listing.layers.find(key); found != listing.layers.end()) {
      const LayerRecord& layer = found->second;
      const auto carried = listing.carries.find(layer.path());
      fmt::print("    {:<8} {:>10}  {}{}{}\n", state_text(layer),
                 base::human_bytes(base::ByteCount(layer.nonzero_blocks * model::kBlockBytes)),
                 printable(layer.path().string()), listing.owned.contains(layer.path()) ? ", owned" : "",
                 carried == listing.carries.end() ? "" : fmt::format(", thin on it: {}", carried->second.size()));
    }
}

void print_listing(const Listing& listing, bool with_images) {
  for (const EntryRecord& entry : listing.entries) {
    const auto images = listing.images_of(entry);
    const bool packages = entry.kind == chunkstore::EntryKind::packages;
    fmt::print("{}{}  {} {}{}{}\n", printable(entry.location),
               entry.realm == chunkstore::kDefaultRealm ? "" : fmt::format(" (realm {})", entry.realm), images.size(),
               packages ? "package" : "image", images.size() == 1 ? "" : "s",
               packages ? "" : fmt::format(", rescanned {}", time_text(entry.rescanned_at)));
    for (const std::string& problem : entry.problems)
      fmt::print("  problem: {}\n", printable(problem));
    for (const ImageRecord* image : images)
      if (with_images)
        print_image(*image, listing);
  }
  std::uint64_t blocks = 0;
  for (const auto& [key, layer] : listing.layers)
    blocks += layer.nonzero_blocks;
  if (listing.entries.empty())
    fmt::print("nothing yet; try: jaunt catalog add qemu:///system\n");
  else
    fmt::print("layers known: {}, with {} of data\n", listing.layers.size(),
               base::human_bytes(base::ByteCount(blocks * model::kBlockBytes)));
}

std::string summary_json(const engine::RescanSummary& summary) {
  Json problems = Json::array();
  for (const std::string& problem : summary.problems)
    problems.push_back(printable(problem));
  return Json({{"type", "summary"},
               {"entries", summary.entries},
               {"images", summary.images},
               {"layers", summary.layers},
               {"layers_read", summary.layers_read},
               {"bytes_read", summary.bytes_read.value},
               {"problems", problems}})
      .dump();
}

}  // namespace

int run_catalog_add(const Invocation& invocation) {
  Scene scene(invocation);
  return for_each_argument(invocation, [&](const std::string& what) {
    const auto [entry, added] =
        engine::add_to_catalog(what, realm_of(invocation), invocation.value("--format"), scene.workplace());
    if (invocation.flag("--json"))
      fmt::print("{}\n", Json({{"type", "added"},
                               {"location", printable(entry.location)},
                               {"kind", to_string(entry.kind)},
                               {"realm", entry.realm},
                               {"new", added}})
                             .dump());
    else if (!invocation.flag("--quiet"))
      fmt::print("{} {}; jaunt catalog rescan reads it\n", printable(entry.location),
                 added ? "was added" : "was there already");
  });
}

int run_catalog_own(const Invocation& invocation) {
  Scene scene(invocation);
  return for_each_argument(invocation, [&](const std::string& what) {
    const auto [entry, added] =
        engine::own_image(what, realm_of(invocation), invocation.value("--format"), scene.workplace());
    if (invocation.flag("--json"))
      fmt::print("{}\n", Json({{"type", "owned"},
                               {"location", printable(entry.location)},
                               {"realm", realm_of(invocation)},
                               {"new", added}})
                             .dump());
    else if (!invocation.flag("--quiet"))
      fmt::print("{} is read-only and jaunt's own; jaunt catalog rescan reads it\n", printable(entry.location));
  });
}

int run_catalog_list(const Invocation& invocation) {
  Scene scene(invocation);
  const chunkstore::Catalog catalog(scene.home.path());
  const Listing listing(catalog, engine::ThinRecords(scene.home.path()), invocation.value("--realm"));
  if (invocation.flag("--json"))
    fmt::print("{}\n", listing_json(listing));
  else
    print_listing(listing, invocation.flag("--images"));
  return 0;
}

int run_catalog_remove(const Invocation& invocation) {
  Scene scene(invocation);
  const bool json = invocation.flag("--json");
  if (invocation.arguments().empty()) {
    const auto realm = invocation.value("--realm");
    if (!realm)
      throw base::Error(base::ErrorKind::usage, "remove", "from the catalog", "nothing was named",
                        "jaunt catalog list shows what there is");
    const std::size_t count = engine::remove_realm(*realm, scene.workplace());
    if (json)
      fmt::print("{}\n", Json({{"type", "removed"}, {"realm", *realm}, {"entries", count}}).dump());
    else if (!invocation.flag("--quiet"))
      fmt::print("{} entries of the realm {} were removed\n", count, *realm);
    return 0;
  }
  return for_each_argument(invocation, [&](const std::string& what) {
    for (const engine::RemovedEntry& removed :
         engine::remove_from_catalog(what, realm_of(invocation), scene.workplace())) {
      if (json)
        fmt::print("{}\n", Json({{"type", "removed"},
                                 {"location", printable(removed.location)},
                                 {"realm", realm_of(invocation)},
                                 {"excluded", removed.excluded}})
                               .dump());
      else if (!invocation.flag("--quiet"))
        fmt::print("{} was removed{}\n", printable(removed.location),
                   removed.excluded ? " and will not be found again" : "");
    }
  });
}

int run_catalog_rescan(const Invocation& invocation) {
  Scene scene(invocation);
  if (!invocation.flag("--urgent"))
    engine::lower_priority();
  const engine::RescanSummary summary = engine::rescan({.what = invocation.arguments(),
                                                        .realm = invocation.value("--realm"),
                                                        .fresh = invocation.flag("--fresh"),
                                                        .follow = invocation.flag("--follow")},
                                                       scene.workplace());
  for (const std::string& problem : summary.problems)
    scene.progress.note(problem);
  if (invocation.flag("--json"))
    fmt::print("{}\n", summary_json(summary));
  else if (!invocation.flag("--quiet"))
    fmt::print("images: {}, layers: {}, of which {} were read ({})\n", summary.images, summary.layers,
               summary.layers_read, base::human_bytes(summary.bytes_read));
  return summary.problems.empty() ? 0 : kPartly;
}

}  // namespace jaunt::cli
