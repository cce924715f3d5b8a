// The private folder of one backup: its socket, and the scratch files in which QEMU keeps what the guest overwrites.
#pragma once

#include <filesystem>
#include <string>

#include "base/units.hpp"
#include "hypervisor/account.hpp"

namespace jaunt::hypervisor {

// A folder that QEMU, running as `owner`, may write in and others may not look into. Nothing is removed unless
// remove_scratch is called.
class ScratchFolder {
 public:
  static constexpr const char* kSocketName = "nbd.sock";

  // Makes the folder, whose parent exists. Errors name what stands in the way and what to do.
  ScratchFolder(std::filesystem::path folder, const Account& owner);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path socket() const { return path_ / kSocketName; }
  std::filesystem::path scratch_file(const std::string& target) const { return path_ / (target + ".scratch"); }

  // What its files take on the disk now.
  base::ByteCount used() const;
  // What is left on the disk for those who are not root.
  base::ByteCount free() const;

 private:
  std::filesystem::path path_;
};

// The note in a backup's folder that the guest's filesystems are frozen, for whoever cleans up after a crash.
std::filesystem::path frozen_note(const std::filesystem::path& folder);

// Removes the folder with its files; one that is not there is fine.
void remove_scratch(const std::filesystem::path& folder);

}  // namespace jaunt::hypervisor
