// What lies in mounted filesystems: space, user data, and where each file's bytes are.
#pragma once

#include <functional>
#include <string>

#include "describe/layout.hpp"
#include "describe/session.hpp"
#include "describe/user_data.hpp"
#include "model/description.hpp"

namespace jaunt::describe {

// A filesystem mounted read-only, without replaying its journal, while this lives.
class MountedFilesystem {
 public:
  MountedFilesystem(GuestSession& session, const model::Filesystem& filesystem);
  ~MountedFilesystem();
  MountedFilesystem(const MountedFilesystem&) = delete;
  MountedFilesystem& operator=(const MountedFilesystem&) = delete;

  // Fills in size, used and free as the mounted filesystem tells them.
  void read_space(model::Filesystem& filesystem);
  // Counts its files, which the guest sees under `mount_point`.
  void count_user_data(const std::string& mount_point, UserDataCounter& counter);
  // Tells where its files lie on the guest's disks.
  void read_files(const Device& device, const std::function<void(const FileExtents&)>& on_file);

 private:
  GuestSession& session_;
  const std::string device_;
};

}  // namespace jaunt::describe
