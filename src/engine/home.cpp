#include "engine/home.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;
using namespace std::chrono_literals;

namespace {

void make_private_folder(const fs::path& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    base::throw_errno(errno, "create the folder", path.string());
}

std::string holder(const base::File& file) {
  std::array<std::byte, 20> digits{};
  const std::size_t count = file.read_some(base::ByteOffset(0), digits);
  std::string pid;
  for (std::size_t i = 0; i < count && digits[i] >= std::byte{'0'} && digits[i] <= std::byte{'9'}; ++i)
    pid += static_cast<char>(digits[i]);
  return pid.empty() ? "another process holds it" : fmt::format("process {} holds it", pid);
}

bool try_lock(const base::File& file) {
  while (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK)
      return false;
    if (errno != EINTR)
      base::throw_errno(errno, "lock", file.path().string());
  }
  file.truncate(base::ByteCount(0));
  file.write_all(base::ByteOffset(0), base::as_bytes(fmt::format("{}\n", ::getpid())));
  return true;
}

}  // namespace

fs::path home_path(const std::optional<fs::path>& given) {
  if (given)
    return fs::absolute(*given);
  const char* const named = std::getenv("JAUNT_HOME");
  return named != nullptr && *named != '\0' ? fs::absolute(named) : fs::path("/var/lib/jaunt");
}

FileLock FileLock::take(const fs::path& path, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  auto file = base::File::open(path, O_RDWR | O_CREAT, 0600);
  while (!try_lock(file)) {
    if (std::chrono::steady_clock::now() >= deadline)
      throw Error(ErrorKind::busy, "lock", path.string(), holder(file), "wait until it ends, or end it");
    std::this_thread::sleep_for(20ms);
  }
  return FileLock(std::move(file));
}

std::optional<FileLock> FileLock::try_take(const fs::path& path) {
  auto file = base::File::open(path, O_RDWR | O_CREAT, 0600);
  if (!try_lock(file))
    return std::nullopt;
  return FileLock(std::move(file));
}

Home::Home(fs::path path) : path_(std::move(path)) {
  make_private_folder(path_);
  const auto folder = base::File::open(path_, O_RDONLY | O_DIRECTORY);
  const auto status = folder.stat();
  if (status.st_uid != ::geteuid() && ::geteuid() != 0)
    throw Error(ErrorKind::auth, "use the home", path_.string(), "it belongs to another user",
                "run jaunt as its owner, or name another home with --home");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    throw Error(ErrorKind::auth, "use the home", path_.string(), "others may write to it",
                fmt::format("chmod 700 {}", path_.string()));
  for (const fs::path& inner : std::array{jobs(), cache()})
    make_private_folder(inner);
}

FileLock Home::lock(std::chrono::milliseconds patience) const {
  return FileLock::take(path_ / "lock", patience);
}

}  // namespace jaunt::engine
