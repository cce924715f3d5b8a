// Reading a running domain's disks as of one instant, through libvirt's pull-mode backup.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/units.hpp"
#include "disk/nbd_image.hpp"
#include "hypervisor/connection.hpp"

namespace jaunt::hypervisor {

struct BackupOptions {
  // Made by begin() and removed at the end; its parent exists and lets QEMU's account through. Whoever keeps a
  // journal notes it there first, for abandon_backup().
  std::filesystem::path folder;
  // The scratch files hold the old content of every block that the guest overwrites meanwhile. When they take more
  // than this together, or less than keep_free is left on their disk, the backup is cancelled: the guest comes first.
  std::optional<base::ByteCount> scratch_bytes_max;
  base::ByteCount keep_free{base::kGiB};
  // Flush and freeze the guest's filesystems for the instant, where its agent answers.
  bool freeze = true;
};

// One disk as of the instant, served read-only by the domain's own QEMU.
struct BackupDisk {
  std::string target;  // "vda"
  disk::NbdAddress address;
};

// A running backup. Disks that the guest cannot write to (CD-ROMs, seeds, read-only ones) are not part of it. A
// thread of its own watches the scratch files and the job. Destruction abandons it.
class Backup {
 public:
  // Takes the instant. Errors: busy, naming the job that holds the domain; no_space; auth; hypervisor, among others
  // when the domain does not run.
  static Backup begin(const Domain& domain, const BackupOptions& options);

  Backup(Backup&&) noexcept;
  Backup& operator=(Backup&&) noexcept;
  ~Backup();

  const std::vector<BackupDisk>& disks() const;
  // Whether the guest's filesystems were frozen for the instant; else the disks are as after a loss of power.
  bool frozen() const;
  // The same for people, with the reason.
  const std::string& consistency() const;

  base::ByteCount scratch_used() const;

  // Throws when the instant is lost: no_space, naming the folder, when the scratch files grew too large; hypervisor
  // when the domain or the job ended. A reader whose NBD connection broke asks here for the reason.
  void check() const;

  // Ends the job and removes its folder. Throws as check() does; when it returns, all that was read since begin() is
  // of the one instant.
  void finish();

 private:
  struct Job;

  explicit Backup(std::unique_ptr<Job> job);

  std::unique_ptr<Job> job_;
};

// Cleans up what a crash of ours left: the backup job, if it is the one of this folder, filesystems that are still
// frozen, and the folder. A domain that does not exist or run any more is fine, and so is a second call.
void abandon_backup(const Connection& connection, const std::string& domain_uuid,
                    const std::filesystem::path& folder);

}  // namespace jaunt::hypervisor
