#include "hypervisor/scratch.hpp"

#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"

namespace jaunt::hypervisor {

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::uint64_t kStatBlockBytes = 512;

void give_to(const std::filesystem::path& folder, const Account& owner) {
  const base::Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd)
    base::throw_errno(errno, "open", folder.string());
  if (owner.uid == ::geteuid())
    return;
  if (::fchown(fd.get(), owner.uid, owner.gid) != 0)
    throw Error(ErrorKind::auth, "hand over to QEMU's account", folder.string(),
                fmt::format("it runs as user {}, and only root may give files away", owner.uid),
                "run as root to read running domains of this connection");
}

void check_reachable(const std::filesystem::path& folder, const Account& owner) {
  if (const auto closed = closed_to(owner, folder))
    throw Error(ErrorKind::auth, "use the scratch folder", folder.string(),
                fmt::format("QEMU's account (user {}) may not enter {}", owner.uid, closed->string()),
                fmt::format("chmod o+x {}, or configure another scratch folder", closed->string()));
}

}  // namespace

ScratchFolder::ScratchFolder(std::filesystem::path folder, const Account& owner)
    : path_(std::filesystem::absolute(folder)) {
  if (socket().native().size() >= sizeof(sockaddr_un::sun_path))
    throw Error(
        ErrorKind::limit, "use the scratch folder", path_.string(),
        fmt::format("its name is too long for a socket, which may have {} bytes", sizeof(sockaddr_un::sun_path) - 1),
        "configure a scratch folder with a shorter name");
  if (::mkdir(path_.c_str(), 0700) != 0)
    base::throw_errno(errno, "make the scratch folder", path_.string());
  try {
    give_to(path_, owner);
    check_reachable(path_, owner);
  } catch (const Error&) {
    remove_scratch(path_);
    throw;
  }
}

base::ByteCount ScratchFolder::used() const {
  std::uint64_t blocks = 0;
  std::error_code gone;  // libvirt may be removing the files
  for (const auto& entry : std::filesystem::directory_iterator(path_, gone)) {
    struct stat status {};
    if (::lstat(entry.path().c_str(), &status) == 0)
      blocks += static_cast<std::uint64_t>(status.st_blocks);
  }
  return base::ByteCount(blocks * kStatBlockBytes);
}

base::ByteCount ScratchFolder::free() const {
  struct statvfs space {};
  if (::statvfs(path_.c_str(), &space) != 0)
    base::throw_errno(errno, "ask for the free space of", path_.string());
  return base::ByteCount(space.f_bavail * space.f_frsize);
}

std::filesystem::path frozen_note(const std::filesystem::path& folder) {
  return folder / "frozen";
}

void remove_scratch(const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::remove_all(folder, failed);
  if (failed)
    base::throw_errno(failed.value(), "remove the scratch folder", folder.string());
}

}  // namespace jaunt::hypervisor
