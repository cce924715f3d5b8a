#include "engine/running_disks.hpp"

#include <algorithm>
#include <ctime>
#include <memory>

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/text.hpp"
#include "disk/scan.hpp"
#include "engine/inspection.hpp"
#include "engine/job.hpp"
#include "hypervisor/backup.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;

namespace {

// QEMU's account must get through; each backup's own folder inside is private.
void make_scratch_parent(const fs::path& folder) {
  std::error_code failure;
  if (fs::create_directory(folder, failure))
    fs::permissions(folder, fs::perms(0711));
  else if (failure)
    base::throw_errno(failure.value(), "create the scratch folder", folder.string());
}

// A backup with its place in the journal: whatever happens, the one is ended or the other remembers it.
class JournaledBackup final : public HeldDisks {
 public:
  JournaledBackup(const hypervisor::Domain& domain, const Workplace& workplace)
      : job_(Job::begin(workplace.home, "describe", domain.name())) {
    const fs::path folder = workplace.config.scratch_folder / job_.id();
    make_scratch_parent(workplace.config.scratch_folder);
    begun_ = {.connection = domain.uri(), .domain = domain.uuid(), .folder = folder.string()};
    job_.record(begun_);
    try {
      backup_ =
          hypervisor::Backup::begin(domain, {.folder = folder, .scratch_bytes_max = workplace.config.scratch_max});
    } catch (...) {
      give_up();
      throw;
    }
  }
  ~JournaledBackup() override {
    if (backup_)
      give_up();
  }

  const hypervisor::Backup& operator*() const { return *backup_; }
  const hypervisor::Backup* operator->() const { return &*backup_; }
  const fs::path& folder() const { return job_.folder(); }

  void check() const override { backup_->check(); }
  // Throws as check() does.
  void finish() {
    backup_->finish();
    backup_.reset();
    job_.finish("done");
  }

 private:
  // What cannot be cleaned up now stays in the journal for recover().
  void give_up() noexcept {
    try {
      backup_.reset();
      abandon(begun_);
      job_.finish("given up");
    } catch (const std::exception&) {
    }
  }

  Job job_;
  BackupBegun begun_;
  std::optional<hypervisor::Backup> backup_;
};

// The disks of a backup by their place in the description.
std::vector<InspectedDisk> served(const model::Description& description, const hypervisor::Backup& backup) {
  std::vector<InspectedDisk> disks;
  for (std::size_t i = 0; i < description.disks.size(); ++i)
    for (const hypervisor::BackupDisk& disk : backup.disks())
      if (disk.target == description.disks[i].target && description.disks[i].role == model::DiskRole::disk)
        disks.push_back({i, disk.address});
  return disks;
}

// What there is to read: the disks of the backup, and those that the guest itself cannot write to, which are none of
// it.
std::vector<ReadDisk> to_read(const model::Description& description, const std::vector<InspectedDisk>& served,
                              const std::vector<StillDisk>& known) {
  std::vector<ReadDisk> disks;
  for (std::size_t i = 0; i < description.disks.size(); ++i) {
    ReadDisk disk{.index = i};
    if (const auto one = std::ranges::find(known, i, &StillDisk::index); one != known.end())
      disk.chain = one->chain;
    if (const auto one = std::ranges::find(served, i, &InspectedDisk::index); one != served.end())
      disk.served = one->address;
    if (disk.served || (description.disks[i].read_only && !disk.chain.layers.empty()))
      disks.push_back(std::move(disk));
  }
  return disks;
}

// The tree stays open when the job's folder goes away.
void read_blocks(ReadDisk& disk, model::Disk& described, const fs::path& folder, const Workplace& workplace) {
  const auto image = open_disk(disk);
  described.size = image->size();
  workplace.progress.stage(fmt::format("reading {}", described.target), image->size());
  const fs::path tree = folder / (described.target + ".tree");
  const auto scanned = disk::scan(*image, {.tree_path = tree, .threads = workplace.config.threads},
                                  workplace.progress, workplace.cancel);
  fill_roots(described, scanned.tree);
  const auto file = std::make_shared<model::TreeFile>(tree);
  disk.tree = std::shared_ptr<const model::TreeView>(file, &file->view());
}

Described read_once(model::Description description, const hypervisor::Domain& domain,
                    const std::vector<StillDisk>& still_disks, const DescribeOptions& options, bool tcg,
                    const Workplace& workplace) {
  workplace.progress.stage("taking an instant of " + domain.name(), {});
  const auto held = std::make_shared<JournaledBackup>(domain, workplace);
  JournaledBackup& backup = *held;
  Described result{.description = std::move(description),
                   .as_of = std::time(nullptr),
                   .instant = Instant{backup->frozen(), backup->consistency()}};
  const auto disks = served(result.description, *backup);
  Inspection inside = inspect(result.description, disks, {.tcg = tcg, .in_use = true}, workplace);
  result.incomplete = !inside.whole;
  result.files = std::make_shared<const GuestFiles>(std::move(inside.files));
  if (!options.quick)
    result.disks = to_read(result.description, disks, still_disks);
  try {
    for (ReadDisk& disk : result.disks)
      read_blocks(disk, result.description.disks[disk.index], backup.folder(), workplace);
  } catch (const Error&) {
    backup.check();  // why they could not be read
    throw;
  }
  if (options.hold) {
    backup.check();
    result.held = held;
    return result;
  }
  if (!result.instant->frozen)
    workplace.progress.note(result.instant->consistency);
  backup.finish();
  for (ReadDisk& disk : result.disks)
    disk.served.reset();
  return result;
}

}  // namespace

Described read_running(const model::Description& description, const hypervisor::Domain& domain,
                       const std::vector<StillDisk>& disks, const DescribeOptions& options, bool tcg,
                       const Workplace& workplace) {
  try {
    return read_once(description, domain, disks, options, tcg, workplace);
  } catch (const Error& failure) {
    const bool lost = failure.kind() == base::ErrorKind::hypervisor || failure.kind() == base::ErrorKind::io;
    if (!lost || !domain.active())
      throw;
    workplace.progress.note(fmt::format("{}; a new instant is taken", failure.what()));
  }
  return read_once(description, domain, disks, options, tcg, workplace);
}

void abandon(const BackupBegun& backup) {
  const auto connection = hypervisor::Connection::open(backup.connection);
  hypervisor::abandon_backup(connection, backup.domain, backup.folder);
}

}  // namespace jaunt::engine
