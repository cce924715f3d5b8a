#include "base/put_in_place.hpp"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"

namespace jaunt::base {

namespace fs = std::filesystem;

namespace {

// Both return 0 or an errno.
int rename_over(const fs::path& from, const fs::path& to) {
  return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

int rename_to_new(const fs::path& from, const fs::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL)
    return errno;
  // A filesystem without that flag, such as NFS; a second name is never given over an existing one.
  return ::link(from.c_str(), to.c_str()) == 0 && ::unlink(from.c_str()) == 0 ? 0 : errno;
}

}  // namespace

void put_in_place(const fs::path& from, const fs::path& to, bool replace) {
  if (const int failed = replace ? rename_over(from, to) : rename_to_new(from, to))
    throw_errno(failed, "rename to", to.string());
  sync_directory(to.parent_path());
}

}  // namespace jaunt::base
