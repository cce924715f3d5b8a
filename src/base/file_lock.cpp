#include "base/file_lock.hpp"

#include <array>
#include <cerrno>
#include <string>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.hpp"

namespace jaunt::base {

using namespace std::chrono_literals;

namespace {

std::string holder(const File& file) {
  std::array<std::byte, 20> digits{};
  const std::size_t count = file.read_some(ByteOffset(0), digits);
  std::string pid;
  for (std::size_t i = 0; i < count && digits[i] >= std::byte{'0'} && digits[i] <= std::byte{'9'}; ++i)
    pid += static_cast<char>(digits[i]);
  return pid.empty() ? "another process holds it" : fmt::format("process {} holds it", pid);
}

bool try_lock(const File& file) {
  while (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK)
      return false;
    if (errno != EINTR)
      throw_errno(errno, "lock", file.path().string());
  }
  file.truncate(ByteCount(0));
  file.write_all(ByteOffset(0), as_bytes(fmt::format("{}\n", ::getpid())));
  return true;
}

}  // namespace

FileLock FileLock::take(const std::filesystem::path& path, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  auto file = File::open(path, O_RDWR | O_CREAT, 0600);
  while (!try_lock(file)) {
    if (std::chrono::steady_clock::now() >= deadline)
      throw Error(ErrorKind::busy, "lock", path.string(), holder(file), "wait until it ends, or end it");
    std::this_thread::sleep_for(20ms);
  }
  return FileLock(std::move(file));
}

std::optional<FileLock> FileLock::try_take(const std::filesystem::path& path) {
  auto file = File::open(path, O_RDWR | O_CREAT, 0600);
  if (!try_lock(file))
    return std::nullopt;
  return FileLock(std::move(file));
}

}  // namespace jaunt::base
