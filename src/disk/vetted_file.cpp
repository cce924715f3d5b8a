#include "disk/vetted_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "disk/identity.hpp"

namespace jaunt::disk {

namespace {

namespace fs = std::filesystem;

using base::ByteCount;
using base::Error;
using base::ErrorKind;

bool lies_within(const fs::path& path, const fs::path& folder) {
  std::error_code failed;
  const fs::path real = fs::canonical(folder, failed);
  return !failed && std::mismatch(real.begin(), real.end(), path.begin(), path.end()).first == real.end();
}

bool lists(const std::vector<fs::path>& devices, const fs::path& path) {
  return std::any_of(devices.begin(), devices.end(), [&](const fs::path& listed) {
    std::error_code failed;
    return fs::canonical(listed, failed) == path;
  });
}

bool allowed(const fs::path& real, const Policy& policy) {
  return lists(policy.devices, real) ||
         std::any_of(policy.folders.begin(), policy.folders.end(),
                     [&](const fs::path& folder) { return lies_within(real, folder); });
}

// Opens without following any symbolic link, so that what was vetted by its real path cannot be replaced by one. The
// file is looked at before it is really opened: opening some devices already does something.
base::File open_real(const fs::path& path) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS;
  const base::Fd handle(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
  if (!handle)
    base::throw_errno(errno, "open", base::printable(path.string()));
  struct stat status {};
  if (::fstat(handle.get(), &status) != 0)
    base::throw_errno(errno, "examine", base::printable(path.string()));
  if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
    throw Error(ErrorKind::unsupported, "open", base::printable(path.string()),
                "it is neither a file nor a block device");
  const int fd = ::open(fmt::format("/proc/self/fd/{}", handle.get()).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    base::throw_errno(errno, "open", base::printable(path.string()));
  return base::File(base::Fd(fd), path);
}

}  // namespace

fs::path vet_path(const fs::path& path, const Policy& policy, const std::string& role) {
  std::error_code failed;
  // Weakly, so that outside of the policy nobody learns what exists.
  fs::path real = fs::weakly_canonical(fs::absolute(path), failed);
  const std::string name = base::printable(path.string()) + role;
  if (failed)
    base::throw_errno(failed.value(), "open", name);
  if (!allowed(real, policy))
    throw Error(ErrorKind::auth, "open", name,
                real == path
                    ? "it lies outside of the allowed folders"
                    : fmt::format("it leads to {}, outside of the allowed folders", base::printable(real.string())),
                "add its folder to images.folders in the configuration if it is trusted");
  return real;
}

VettedFile vet_file(const fs::path& path, const Policy& policy, const std::string& role) {
  const fs::path real = vet_path(path, policy, role);
  const base::File file = open_real(real);
  if (S_ISBLK(file.stat().st_mode) && !lists(policy.devices, real))
    throw Error(ErrorKind::auth, "open", base::printable(path.string()) + role,
                "it is a block device, and these must be allowed one by one",
                fmt::format("add {} to images.devices in the configuration if it is trusted",
                            base::printable(real.string())));
  return {.path = real, .identity = identify(file)};
}

base::File open_vetted(const VettedFile& file) {
  base::File opened = open_real(file.path);
  const auto status = opened.stat();
  if (status.st_dev != file.identity.device || status.st_ino != file.identity.inode)
    throw Error(ErrorKind::io, "open", base::printable(file.path.string()),
                "another file took its place since it was examined", "try again");
  return opened;
}

VettedFile layer_file(const model::Layer& layer) {
  return {.path = layer.path, .identity = layer.identity};
}

ByteCount byte_size(const base::File& file) {
  const auto status = file.stat();
  if (S_ISREG(status.st_mode))
    return ByteCount(static_cast<std::uint64_t>(status.st_size));
  std::uint64_t bytes = 0;
  if (!S_ISBLK(status.st_mode))
    throw Error(ErrorKind::unsupported, "open", base::printable(file.path().string()),
                "it is neither a file nor a block device");
  if (::ioctl(file.fd(), BLKGETSIZE64, &bytes) != 0)
    base::throw_errno(errno, "measure", base::printable(file.path().string()));
  return ByteCount(bytes);
}

}  // namespace jaunt::disk
