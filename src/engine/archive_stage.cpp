#include "engine/archive_stage.hpp"

#include <algorithm>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "codec/archive.hpp"
#include "engine/disk_planner.hpp"
#include "engine/kept_plans.hpp"
#include "engine/package_catalog.hpp"
#include "engine/plan_costs.hpp"
#include "engine/teleport_disk.hpp"
#include "engine/told_progress.hpp"
#include "mirror/package_folder.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::ByteCount;
using base::Error;
using base::ErrorKind;
using Clock = std::chrono::steady_clock;

namespace {

constexpr unsigned kWindowBits = 22;
constexpr std::chrono::hours kContentKept{7 * 24};  // of what was interrupted
constexpr const char* kContentPrefix = ".unpacked-";

std::string name_of(const transport::Unpacked& unpacked) {
  return base::to_hex(base::ByteView(unpacked.facts.carried_root).first(16));
}

// Why an archive comes as it is; the conversation goes on. nullptr: that failure is another one.
const char* why_left(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::incompatible:
      return "its encoder makes something else here";
    case ErrorKind::corrupt:
    case ErrorKind::unsupported:
    case ErrorKind::limit:
      return "it is no archive that can be packed";
    default:
      return nullptr;
  }
}

// About so many bytes of what is in it would cross.
ByteCount crossing(const DiskFindings& findings) {
  const auto wire = static_cast<double>(findings.wire_blocks * model::kBlockBytes);
  const double ratio =
      findings.sizes && findings.sizes->bytes.value > 0
          ? static_cast<double>(findings.sizes->compressed.value) / static_cast<double>(findings.sizes->bytes.value)
          : 1;
  return ByteCount(static_cast<std::uint64_t>(wire * std::min(ratio, 1.0)));
}

}  // namespace

ArchiveStage::ArchiveStage(Conversation& conversation, std::string realm, const Workplace& workplace)
    : conversation_(conversation),
      realm_(std::move(realm)),
      workplace_(workplace),
      holdings_(workplace.home, realm_) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(workplace_.home.cache(), none))
    if (entry.path().filename().string().starts_with(kContentPrefix) &&
        fs::last_write_time(entry, none) + kContentKept < fs::file_time_type::clock::now())
      fs::remove(entry, none);
}

model::PlannedArchives ArchiveStage::forecast() {
  model::PlannedArchives planned;
  const auto disks = static_cast<std::uint32_t>(conversation_.disks().size());
  for (std::uint32_t disk = 0; disk < disks; ++disk)
    for (const transport::ArchiveFacts& archive : conversation_.archives(disk).archives)
      if (!is_here(archive)) {
        ++planned.count;
        planned.bytes += archive.size;
      }
  return planned;
}

ArchiveSummary ArchiveStage::fetch(ByteCount link) {
  const auto start = Clock::now();
  costs_.link = static_cast<double>(std::max<std::uint64_t>(link.value, 1));
  const auto disks = static_cast<std::uint32_t>(conversation_.disks().size());
  for (std::uint32_t disk = 0; disk < disks; ++disk) {
    const transport::Archives told = conversation_.archives(disk);
    for (std::uint32_t number = 0; number < told.archives.size(); ++number) {
      const std::string path = base::printable(told.archives[number].path);
      try {
        consider(disk, number, told.archives[number]);
      } catch (const Error& failure) {
        const char* const why = why_left(failure.kind());
        if (why == nullptr)
          throw;
        ++summary_.left[why];
        workplace_.progress.note(fmt::format("{} comes as it is: {}", path, failure.what()));
      }
    }
  }
  catalogue();
  summary_.elapsed = Clock::now() - start;
  return std::exchange(summary_, {});
}

void ArchiveStage::consider(std::uint32_t disk, std::uint32_t number, const transport::ArchiveFacts& archive) {
  if (!match::archive_pays(archive.size, costs_)) {
    ++summary_.left["the link is fast"];
    return;
  }
  if (is_here(archive)) {
    ++summary_.left["it is here"];
    return;
  }
  workplace_.progress.stage(fmt::format("looking into {}", base::printable(archive.path)), {});
  const transport::Unpacked unpacked = conversation_.unpacked(disk, number);
  if (!unpacked.known) {
    ++summary_.left["it cannot be made again"];
    return;
  }
  if (!codec::has_encoder(unpacked.encoder, unpacked.version)) {
    ++summary_.left["its encoder is not here"];
    return;
  }
  const fs::path content = bring(unpacked, archive);
  if (content.empty())
    return;
  pack(unpacked, content);
  ++summary_.made;
  summary_.bytes += archive.size;
}

// Of blocks from all over it, most are here where it is, or was, here.
bool ArchiveStage::is_here(const transport::ArchiveFacts& archive) const {
  std::vector<model::BlockId> ids = archive.sample;
  std::ranges::sort(ids);
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::vector<bool> found(ids.size());
  const auto look = [&](const chunkstore::Source& source) {
    source.find(ids, [&](std::size_t index, const chunkstore::Place&) { found[index] = true; });
  };
  look(holdings_.layers());
  look(holdings_.store_source());
  return 2 * static_cast<std::size_t>(std::ranges::count(found, true)) > ids.size();
}

fs::path ArchiveStage::bring(const transport::Unpacked& unpacked, const transport::ArchiveFacts& archive) {
  ToldProgress progress(workplace_.progress, conversation_);
  const Workplace told{workplace_.home, workplace_.config, progress, workplace_.cancel, workplace_.caller};
  const fs::path cache = workplace_.home.cache();
  std::vector<DiskFindings> findings;
  findings.push_back(DiskPlanner(conversation_, holdings_, cache, progress, Measuring::sample).plan(unpacked.disk));
  if (!match::archive_pays(archive.size, crossing(findings.front()), costs_)) {
    ++summary_.left["too little of it is here"];
    return {};
  }
  model::Plan plan{.subject = archive.path, .realm = realm_};
  const Circumstances circumstances{
      .link = {.bytes_per_second = ByteCount(static_cast<std::uint64_t>(costs_.link)), .origin = "given"}};
  const std::vector<base::File> runs = count_costs(findings, circumstances, cache, plan);
  const KeptPlans plans(workplace_.home);
  plans.keep(plan, {&runs.front()}, {&findings.front().tiles});
  const fs::path content = cache / (kContentPrefix + name_of(unpacked));
  {
    const KeptRuns kept = plans.runs(plan.id, 0);
    const DiskRecipe recipe(plan.disks.front(), *kept, plans.tiles(plan.id, 0), holdings_, cache);
    BlockSupply supply{.conversation = conversation_, .stream = sync::BlockStreamReader(kWindowBits)};
    supply.link_bytes_per_second = static_cast<std::uint64_t>(costs_.link);
    build_disk(unpacked.disk, archive.path, recipe, {.hidden = content, .path = content, .format = "raw"}, supply,
               told);
  }
  plans.drop(plan.id);
  return content;
}

void ArchiveStage::pack(const transport::Unpacked& unpacked, const fs::path& content) {
  ToldProgress progress(workplace_.progress, conversation_);
  progress.stage("packing it again", {});
  const fs::path packed = workplace_.home.cache() / ("archive-" + name_of(unpacked) + ".blocks");
  try {
    base::AtomicFile file(packed);
    codec::pack_archive(base::File::open(content, O_RDONLY), unpacked.facts.size, file.file(),
                        workplace_.home.cache(), workplace_.cancel);
    file.commit();
  } catch (const Error&) {
    fs::remove(content);
    throw;
  }
  fs::remove(content);
  made_.push_back(packed);
}

void ArchiveStage::catalogue() {
  if (made_.empty())
    return;
  mirror::PackageFolder folder(workplace_.home.path() / "packages", workplace_.cancel);
  std::vector<fs::path> files;
  for (const fs::path& made : made_) {
    files.push_back(folder.path() / made.filename());
    fs::rename(made, files.back());
    folder.use(files.back());
  }
  PackageCatalog catalog(workplace_.home.path(), folder.path(), realm_);
  catalog.add(files, workplace_.progress, workplace_.cancel);
  if (!folder.shrink(workplace_.config.mirror_cache_max).empty())
    catalog.forget_gone();
  folder.finish();
}

}  // namespace jaunt::engine
