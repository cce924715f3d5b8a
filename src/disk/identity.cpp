#include "disk/identity.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <ctime>

#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/ioctl.h>

#include "base/error.hpp"
#include "disk/vetted_file.hpp"

namespace jaunt::disk {

namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

std::int64_t nanoseconds(const timespec& time) {
  return time.tv_sec * kNanosecondsPerSecond + time.tv_nsec;
}

// The clock that stamps files: a later change gets this stamp or a later one.
std::int64_t file_clock_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return nanoseconds(now);
}

}  // namespace

model::FileIdentity identify(const base::File& file) {
  const struct stat status = file.stat();
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = S_ISBLK(status.st_mode) ? byte_size(file).value : static_cast<std::uint64_t>(status.st_size),
          .mtime_ns = nanoseconds(status.st_mtim),
          .ctime_ns = nanoseconds(status.st_ctim)};
}

bool may_be_written(const base::File& file) {
  if (!S_ISREG(file.stat().st_mode))
    return true;
  // The kernel grants a read lease only where no writer is. It is given back at once; a writer who comes in between
  // waits for these microseconds, and the signal that tells us so is one that is ignored by default, unlike SIGIO.
  if (::fcntl(file.fd(), F_SETSIG, SIGURG) != 0 || ::fcntl(file.fd(), F_SETLEASE, F_RDLCK) != 0)
    return true;
  ::fcntl(file.fd(), F_SETLEASE, F_UNLCK);
  return false;
}

std::optional<model::FileIdentity> memorable_identity(const base::File& file) {
  const std::int64_t now = file_clock_now();
  if (may_be_written(file))
    return std::nullopt;
  const model::FileIdentity identity = identify(file);
  return identity.ctime_ns < now ? std::optional(identity) : std::nullopt;
}

bool unchanged_since(const model::FileIdentity& identity, const base::File& file) {
  // In this order: a writer who comes after the second look has not written before it.
  return !may_be_written(file) && identify(file) == identity;
}

std::optional<model::FileIdentity> memorable_identity(const Chain& chain, std::size_t index) {
  if (!chain.parts.at(index).self_contained())
    return std::nullopt;
  return memorable_identity(open_vetted(layer_file(chain.layers.at(index))));
}

bool unchanged_since(const model::FileIdentity& identity, const Chain& chain, std::size_t index) {
  return chain.parts.at(index).self_contained() &&
         unchanged_since(identity, open_vetted(layer_file(chain.layers.at(index))));
}

}  // namespace jaunt::disk
