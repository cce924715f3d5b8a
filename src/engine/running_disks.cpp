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
class JournaledBackup {
 public:
  JournaledBackup(const hypervisor::Connection& connection, const hypervisor::Domain& domain,
                  const Workplace& workplace)
      : connection_(connection), domain_(domain), job_(Job::begin(workplace.home, "describe", domain.name())) {
    const fs::path folder = workplace.config.scratch_folder / job_.id();
    make_scratch_parent(workplace.config.scratch_folder);
    begun_ = {.connection = connection.uri(), .domain = domain.uuid(), .folder = folder.string()};
    job_.record(begun_);
    try {
      backup_ =
          hypervisor::Backup::begin(domain, {.folder = folder, .scratch_bytes_max = workplace.config.scratch_max});
    } catch (...) {
      give_up();
      throw;
    }
  }
  ~JournaledBackup() {
    if (backup_)
      give_up();
  }
  JournaledBackup(const JournaledBackup&) = delete;
  JournaledBackup& operator=(const JournaledBackup&) = delete;

  hypervisor::Backup& operator*() { return *backup_; }
  hypervisor::Backup* operator->() { return &*backup_; }
  const fs::path& folder() const { return job_.folder(); }

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
      hypervisor::abandon_backup(connection_, begun_.domain, begun_.folder);
      job_.finish("failed");
    } catch (const std::exception&) {
    }
  }

  const hypervisor::Connection& connection_;
  const hypervisor::Domain& domain_;
  Job job_;
  BackupBegun begun_;
  std::optional<hypervisor::Backup> backup_;
};

// The disks of a backup by their place in the description.
std::vector<InspectedDisk> inspected(const model::Description& description, const hypervisor::Backup& backup) {
  std::vector<InspectedDisk> disks;
  for (std::size_t i = 0; i < description.disks.size(); ++i)
    for (const hypervisor::BackupDisk& disk : backup.disks())
      if (disk.target == description.disks[i].target && description.disks[i].role == model::DiskRole::disk)
        disks.push_back({i, disk.address});
  return disks;
}

// The tree stays open when the backup's folder goes away.
ReadDisk as_read(std::size_t index, const fs::path& tree, const std::vector<StillDisk>& disks) {
  const auto file = std::make_shared<model::TreeFile>(tree);
  ReadDisk read{
      .index = index, .tree = std::shared_ptr<const model::TreeView>(file, &file->view()), .elided = {}, .chain = {}};
  if (const auto still = std::ranges::find(disks, index, &StillDisk::index); still != disks.end())
    read.chain = still->chain;
  return read;
}

Described read_once(model::Description description, const hypervisor::Connection& connection,
                    const hypervisor::Domain& domain, const std::vector<StillDisk>& still_disks,
                    const DescribeOptions& options, bool tcg, const Workplace& workplace) {
  workplace.progress.stage("taking an instant of " + domain.name(), {});
  JournaledBackup backup(connection, domain, workplace);
  Described result{.description = std::move(description), .as_of = std::time(nullptr)};
  const auto disks = inspected(result.description, *backup);
  result.incomplete = !inspect(result.description, disks, {.tcg = tcg, .in_use = true}, workplace).whole;
  for (const InspectedDisk& inspected_disk : disks) {
    if (options.quick)
      break;
    model::Disk& disk = result.description.disks[inspected_disk.index];
    disk::NbdOptions naming;
    naming.name = disk.target;
    const auto image = disk::open_nbd(inspected_disk.address, naming);
    disk.size = image->size();
    workplace.progress.stage(fmt::format("reading {}", disk.target), image->size());
    const fs::path tree = backup.folder() / (disk.target + ".tree");
    const auto scanned = disk::scan(*image, {.tree_path = tree, .threads = workplace.config.threads},
                                    workplace.progress, workplace.cancel);
    fill_roots(disk, scanned.tree);
    result.disks.push_back(as_read(inspected_disk.index, tree, still_disks));
  }
  if (!backup->frozen())
    workplace.progress.note(backup->consistency());
  backup.finish();
  return result;
}

}  // namespace

Described read_running(const model::Description& description, const hypervisor::Connection& connection,
                       const hypervisor::Domain& domain, const std::vector<StillDisk>& disks,
                       const DescribeOptions& options, bool tcg, const Workplace& workplace) {
  try {
    return read_once(description, connection, domain, disks, options, tcg, workplace);
  } catch (const Error& failure) {
    const bool lost = failure.kind() == base::ErrorKind::hypervisor || failure.kind() == base::ErrorKind::io;
    if (!lost || !domain.active())
      throw;
    workplace.progress.note(fmt::format("{}; a new instant is taken", failure.what()));
  }
  return read_once(description, connection, domain, disks, options, tcg, workplace);
}

void abandon(const BackupBegun& backup) {
  const auto connection = hypervisor::Connection::open(backup.connection);
  hypervisor::abandon_backup(connection, backup.domain, backup.folder);
}

}  // namespace jaunt::engine
