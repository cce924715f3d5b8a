#include "engine/catalog_rescan.hpp"

#include <algorithm>
#include <ctime>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/file_lock.hpp"
#include "base/text.hpp"
#include "chunkstore/catalog.hpp"
#include "chunkstore/layer_state.hpp"
#include "engine/catalog_entries.hpp"
#include "engine/catalog_watch.hpp"
#include "engine/image_discovery.hpp"
#include "engine/subject.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using chunkstore::EntryRecord;
using chunkstore::ImageRecord;
using chunkstore::LayerKey;
using chunkstore::LayerRecord;
using chunkstore::LayerState;

namespace {

// A file that is written to all the time is read again only after so many seconds.
constexpr std::int64_t kWrittenPatience = 3600;
constexpr std::size_t kProblemsMax = 200;  // kept of an entry

std::string told(const Error& failure) {
  return failure.remedy().empty() ? failure.what() : fmt::format("{}; try: {}", failure.what(), failure.remedy());
}

bool is_known(const LayerRecord& record) {
  switch (chunkstore::state_of(record)) {
    case LayerState::unchanged:
      return true;
    case LayerState::in_use:
      // A hint that nobody writes to any more can be made certain; of a device nobody can tell that.
      return !record.block_device && (!record.hint || chunkstore::may_be_written(record.files));
    case LayerState::written:
      return chunkstore::may_be_written(record.files) && std::time(nullptr) - record.scanned_at < kWrittenPatience;
    case LayerState::gone:
      break;
  }
  return false;
}

class Rescan {
 public:
  Rescan(const RescanOptions& options, chunkstore::Catalog& catalog, const Workplace& workplace)
      : options_(options),
        workplace_(workplace),
        catalog_(catalog),
        libvirt_(workplace.config.libvirt_uri),
        policy_(image_policy(workplace.config, libvirt_)) {}

  RescanSummary run(const std::vector<EntryRecord>& entries) {
    for (const EntryRecord& entry : entries)
      go_through(entry);
    catalog_.sweep();
    return std::move(summary_);
  }

 private:
  void go_through(EntryRecord entry) {
    workplace_.cancel.check();
    if (entry.kind == chunkstore::EntryKind::packages)
      return;  // whoever unpacked them keeps them in order
    ++summary_.entries;
    entry.problems.clear();
    try {
      const Discovery found = discover(entry);
      for (const std::string& problem : found.problems)
        add_problem(entry, problem);
      std::vector<chunkstore::ImageKey> present;
      for (const DiscoveredImage& image : found.images)
        if (const auto key = take(entry, image))
          present.push_back(*key);
      catalog_.retain_images(key_of(entry), present);
      entry.rescanned_at = std::time(nullptr);
    } catch (const Error& failure) {  // its images stay as they are known
      add_problem(entry, told(failure));
    }
    catalog_.finish_entry(entry);
  }

  // The image with all its layers, or nothing where it is excluded or cannot be read.
  std::optional<chunkstore::ImageKey> take(EntryRecord& entry, const DiscoveredImage& found) {
    workplace_.cancel.check();
    try {
      const disk::Chain chain = disk::resolve_chain(found.source, policy_, recall(entry.realm));
      if (std::ranges::find(entry.excluded, chain.top().path) != entry.excluded.end())
        return std::nullopt;
      ImageRecord image{.realm = entry.realm,
                        .entry = key_of(entry),
                        .path = chain.top().path,
                        .domain = found.domain,
                        .target = found.target,
                        .snapshot = found.snapshot,
                        .size = chain.size(),
                        .layers = {}};
      for (const model::Layer& layer : chain.layers)
        image.layers.push_back(chunkstore::layer_key(entry.realm, layer.path, layer.format));
      for (std::size_t i = chain.layers.size(); i-- > 0;)  // what is shared comes first
        settle(entry.realm, chain, i, image.layers[i]);
      catalog_.put_image(image);
      ++summary_.images;
      return key_of(image);
    } catch (const Error& failure) {
      workplace_.cancel.check();  // what fails because of Ctrl-C has not failed
      add_problem(entry, found.domain.empty() ? told(failure)
                                              : fmt::format("{} {}: {}", found.domain, found.target, told(failure)));
      return std::nullopt;
    }
  }

  // Makes sure that one layer's tree is as it should be; each layer once.
  void settle(const std::string& realm, const disk::Chain& chain, std::size_t index, const LayerKey& key) {
    if (settled_.contains(key))
      return;
    learn_header(realm, chain, index);
    const auto record = catalog_.find_layer(key);
    if (!options_.fresh && record && fs::exists(catalog_.tree_path(*record)) && is_known(*record)) {
      if (!record->hint && chunkstore::may_be_written(record->files))
        catalog_.mark_as_hint(key);
    } else {
      workplace_.progress.stage(
          fmt::format("reading {}", base::printable(fs::path(chain.layers[index].path).filename().string())),
          chain.layers[index].virtual_size);
      summary_.bytes_read += catalog_
                                 .scan_layer(chain, index, {.threads = workplace_.config.threads},
                                             workplace_.progress, workplace_.cancel, realm)
                                 .bytes_read;
      ++summary_.layers_read;
    }
    settled_.insert(key);
    ++summary_.layers;
  }

  // A header is read once in a rescan, and not at all where the catalog has it of an unchanged file.
  disk::RecallHeader recall(const std::string& realm) {
    return [this, kept = catalog_.recall_headers(realm), realm](
               const disk::VettedFile& file, const std::string& format) -> std::optional<disk::LayerHeader> {
      const auto seen = headers_.find(std::tuple(realm, file.path.string(), format));
      if (seen != headers_.end() && seen->second.first == file.identity)
        return seen->second.second;
      return kept(file, format);
    };
  }

  void learn_header(const std::string& realm, const disk::Chain& chain, std::size_t index) {
    const model::Layer& layer = chain.layers[index];
    const disk::LayerParts& parts = chain.parts[index];
    if (parts.self_contained())
      headers_[std::tuple(realm, layer.path, layer.format)] = {
          layer.identity, {.virtual_size = layer.virtual_size, .backing = parts.backing, .bitmaps = parts.bitmaps}};
  }

  void add_problem(EntryRecord& entry, std::string problem) {
    if (entry.problems.size() < kProblemsMax)
      entry.problems.push_back(problem);
    summary_.problems.push_back(std::move(problem));
  }

  const RescanOptions& options_;
  const Workplace& workplace_;
  chunkstore::Catalog& catalog_;
  Libvirt libvirt_;
  disk::Policy policy_;
  std::set<LayerKey> settled_;
  std::map<std::tuple<std::string, std::string, std::string>, std::pair<model::FileIdentity, disk::LayerHeader>>
      headers_;
  RescanSummary summary_;
};

}  // namespace

RescanSummary rescan(const RescanOptions& options, const Workplace& workplace) {
  const base::FileLock alone = base::FileLock::take(workplace.home.path() / "rescan.lock");
  chunkstore::Catalog catalog(workplace.home.path());
  std::optional<CatalogWatch> watch;
  std::vector<std::string> known_problems;  // problems of the round before
  while (true) {
    const std::vector<EntryRecord> entries = select_entries(catalog, options.what, options.realm);
    if (options.follow && !watch)
      watch.emplace(entries);  // before the first look, so that nothing is missed
    RescanSummary summary = Rescan(options, catalog, workplace).run(entries);
    if (!options.follow)
      return summary;
    if (summary.layers_read > 0)
      workplace.progress.note(fmt::format("{} images with {} layers; {} layers were read", summary.images,
                                          summary.layers, summary.layers_read));
    for (const std::string& problem : summary.problems)
      if (std::ranges::find(known_problems, problem) == known_problems.end())
        workplace.progress.note(problem);
    known_problems = std::move(summary.problems);
    workplace.progress.stage("waiting for changes", {});
    watch->wait(workplace.cancel);
    watch.emplace(select_entries(catalog, options.what, options.realm));
  }
}

}  // namespace jaunt::engine
