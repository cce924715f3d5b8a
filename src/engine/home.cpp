#include "engine/home.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/error.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

namespace {

void make_private_folder(const fs::path& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    base::throw_errno(errno, "create the folder", path.string());
}

}  // namespace

fs::path home_path(const std::optional<fs::path>& given) {
  if (given)
    return fs::absolute(*given);
  const char* const named = std::getenv("JAUNT_HOME");
  return named != nullptr && *named != '\0' ? fs::absolute(named) : fs::path("/var/lib/jaunt");
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
  for (const fs::path& inner : std::array{jobs(), finished(), cache()})
    make_private_folder(inner);
}

FileLock Home::lock(std::chrono::milliseconds patience) const {
  return FileLock::take(path_ / "lock", patience);
}

}  // namespace jaunt::engine
