#include "engine/package_stage.hpp"

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/known_packages.hpp"
#include "engine/link_speed.hpp"
#include "engine/mirror_sites.hpp"
#include "engine/package_catalog.hpp"
#include "engine/package_list.hpp"
#include "engine/told_progress.hpp"
#include "match/ranking.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::ByteCount;
using base::Error;
using Clock = std::chrono::steady_clock;

namespace {

// Less than that is not worth asking anybody: indices alone are megabytes.
constexpr double kLinkSecondsMin = 2;
// Of a mirror that nobody has seen at work yet.
constexpr ByteCount kAssumedMirror{25'000'000};
// What shows how fast it is.
constexpr ByteCount kTellingBytes{4 * base::kMiB};
constexpr double kTellingSeconds = 3;
constexpr const char* kBookName = "package mirrors";
constexpr unsigned kUnpackersMax = 8;

unsigned processors() {
  return std::clamp(std::thread::hardware_concurrency(), 1U, kUnpackersMax);
}

ByteCount rate_of(ByteCount bytes, std::chrono::duration<double> seconds) {
  return ByteCount(static_cast<std::uint64_t>(static_cast<double>(bytes.value) / std::max(seconds.count(), 1e-3)));
}

}  // namespace

PackageStage::PackageStage(Conversation& conversation, const ToldMachine& machine, std::string realm,
                           const Workplace& workplace)
    : conversation_(conversation), machine_(machine), realm_(std::move(realm)), workplace_(workplace) {}

// By the images here alone: packages are looked at one by one.
double PackageStage::missing_share(const Holdings& holdings) {
  if (holdings.candidates().empty())
    return 1;
  std::vector<const model::TreeView*> trees;
  std::vector<match::Candidate> candidates;
  for (std::uint32_t part = 0; part < holdings.layers().parts(); ++part)
    if (!holdings.layers().is_package(part)) {
      candidates.push_back({.name = {}, .layers = {static_cast<std::uint32_t>(trees.size())}});
      trees.push_back(holdings.trees()[part]);
    }
  double needed = 0;
  double missing = 0;
  for (std::uint32_t disk = 0; disk < conversation_.disks().size(); ++disk) {
    const auto blocks = static_cast<double>(conversation_.disks()[disk].needed_blocks);
    needed += blocks;
    if (blocks > 0)
      missing += blocks * (1 - match::rank(conversation_.samples(disk), trees, candidates).together.share);
  }
  return needed > 0 ? std::clamp(missing / needed, 0.0, 1.0) : 0;
}

bool PackageStage::consider(ByteCount link) {
  link_ = link;
  if (!workplace_.config.mirror_use || machine_.packages == 0 || link.value == 0)
    return false;
  std::uint64_t needed = 0;
  for (const transport::DiskFacts& disk : conversation_.disks())
    needed += disk.needed_blocks * model::kBlockBytes;
  forecast_.missing = 1;
  if (match::link_seconds({.download = {}, .installed = ByteCount(needed)}, costs()) < kLinkSecondsMin)
    return false;
  sites_ = sites_of(workplace_.config, workplace_.cancel);
  if (sites_.empty())
    return false;
  const Holdings holdings(workplace_.home, realm_);
  forecast_.missing = missing_share(holdings);
  if (match::link_seconds({.download = {}, .installed = ByteCount(needed)}, costs()) < kLinkSecondsMin)
    return false;
  const auto start = Clock::now();
  ToldProgress progress(workplace_.progress, conversation_);
  progress.stage("looking for its packages", {});
  packages_ = understood_packages(conversation_.packages());
  summary_.listed = packages_.size();
  std::vector<model::Package> packages = packages_;
  const std::set<std::string> known = known_packages(chunkstore::Catalog(workplace_.home.path()), holdings);
  summary_.covered = std::erase_if(packages, [&](const auto& package) { return known.contains(line_of(package)); });
  folder_ = std::make_unique<mirror::PackageFolder>(workplace_.home.path() / "packages", workplace_.cancel);
  std::erase_if(packages, [&](const model::Package& package) {
    if (!folder_->has(package))
      return false;
    cached_.push_back(folder_->file_of(package));
    return true;
  });
  summary_.from_cache = cached_.size();
  std::vector<model::Repository> guest;
  for (const model::OperatingSystem& system : machine_.description.systems)
    guest.insert(guest.end(), system.repositories.begin(), system.repositories.end());
  sites_.repositories = mirror::suites_here(sites_.repositories, guest);
  downloads_ = std::make_unique<mirror::Downloads>(workplace_.home.cache(), sites_.proxies, mirror::DownloadBounds{},
                                                   workplace_.cancel);
  const mirror::IndexShelf shelf(folder_->indices());
  lookup_ = mirror::look_up(packages, sites_, shelf, *downloads_, workplace_.cancel);
  for (const std::string& problem : lookup_.problems)
    progress.note("packages: " + problem);
  sort_out(lookup_);
  indexed_ = downloads_->totals().bytes;
  indexing_ = Clock::now() - start;
  return !chosen_.empty() || !cached_.empty() || !lookup_.indices.empty();
}

void PackageStage::sort_out(const mirror::Lookup& lookup) {
  const LinkBook book(workplace_.home);
  const mirror::DownloadTotals& seen = downloads_->totals();
  const auto known = book.find(kBookName);
  forecast_.bytes_per_second = seen.bytes >= kTellingBytes ? rate_of(seen.bytes, seen.seconds)
                               : known                     ? known->bytes_per_second
                                                           : kAssumedMirror;
  for (const mirror::Offered& offered : lookup.found) {
    if (!worth(offered)) {
      ++summary_.not_fetched["not worth it"];
      continue;
    }
    chosen_.push_back(offered);
    forecast_.installed += offered.installed;
    forecast_.download += offered.size;
  }
  // What brings most for its bytes comes first.
  std::ranges::stable_sort(chosen_, std::greater{}, [](const mirror::Offered& offered) {
    return static_cast<double>(offered.installed.value) / static_cast<double>(std::max<std::uint64_t>(offered.size.value, 1));
  });
  if (!chosen_.empty())
    chosen_.insert(chosen_.end(), lookup.guessed.begin(), lookup.guessed.end());
  if (!lookup.unknown.empty())
    summary_.not_fetched["unknown"] += lookup.unknown.size();
}

match::PackageCosts PackageStage::costs() const {
  return {.link = static_cast<double>(link_.value),
          .mirror = static_cast<double>(std::max<std::uint64_t>(forecast_.bytes_per_second.value, 1)),
          .missing = forecast_.missing,
          .cores = processors()};
}

bool PackageStage::worth(const mirror::Offered& offered) const {
  return match::pays({.download = offered.size, .installed = offered.installed}, costs());
}

PackageSummary PackageStage::fetch() {
  const auto start = Clock::now();
  ToldProgress progress(workplace_.progress, conversation_);
  progress.stage(fmt::format("fetching {} packages", chosen_.size()), forecast_.download);
  const auto before = downloads_->totals();
  // As soon as the mirror shows how fast it is, that counts.
  const auto look_at_mirror = [&] {
    const mirror::DownloadTotals& now = downloads_->totals();
    const ByteCount bytes = now.bytes - before.bytes;
    const auto seconds = now.seconds - before.seconds;
    if (bytes >= kTellingBytes || seconds.count() >= kTellingSeconds)
      forecast_.bytes_per_second = rate_of(bytes, seconds);
  };
  std::vector<fs::path> files = cached_;
  const mirror::FetchPlan plan{
      .packages = chosen_,
      .file_of = [&](const model::Package& package) { return folder_->file_of(package); },
      .unpackers = processors(),
      .worth =
          [&](const mirror::Offered& offered) {
            look_at_mirror();
            return offered.size.value == 0 || worth(offered);
          },
      .give_up =
          [&] {
            look_at_mirror();
            return !match::pays({.download = forecast_.download, .installed = forecast_.installed}, costs());
          },
      .advanced = [&](ByteCount bytes) { progress.advance(bytes); }};
  if (!chosen_.empty()) {
    for (const mirror::PackageResult& result : mirror::fetch_packages(plan, *downloads_, workplace_.cancel)) {
      if (result.end == mirror::PackageEnd::ready) {
        ++summary_.fetched;
        files.push_back(result.file);
      } else {
        ++summary_.not_fetched[std::string(to_string(result.end))];
      }
    }
    const auto& after = downloads_->totals();
    if (after.bytes - before.bytes >= kTellingBytes)
      LinkBook(workplace_.home).note(kBookName, rate_of(after.bytes - before.bytes, after.seconds - before.seconds));
  }
  catalogue(files);
  summary_.downloaded = downloads_->totals().bytes;
  summary_.elapsed = indexing_ + (Clock::now() - start);
  return std::exchange(summary_, {});
}

void PackageStage::catalogue(const std::vector<fs::path>& files) {
  ToldProgress progress(workplace_.progress, conversation_);
  progress.stage("cataloguing packages", {});
  std::vector<fs::path> all = files;
  for (const mirror::IndexFile& index : lookup_.indices)
    all.push_back(index.path);
  for (const fs::path& file : all)
    folder_->use(file);
  PackageCatalog catalog(workplace_.home.path(), folder_->path(), realm_);
  catalog.add(all, progress, workplace_.cancel);
  if (!folder_->shrink(workplace_.config.mirror_cache_max).empty())
    catalog.forget_gone();
  folder_->finish();
}

}  // namespace jaunt::engine
