#include "chunkstore/tree_scratch.hpp"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>

#include "base/error.hpp"

namespace jaunt::chunkstore {

namespace {

namespace fs = std::filesystem;

fs::path parent_of(const fs::path& trees) {
  return trees / "scratch";
}

base::Fd open_folder(const fs::path& path) {
  base::Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder)
    base::throw_errno(errno, "open", path.string());
  return folder;
}

bool lock(const base::Fd& folder, int how, const fs::path& path) {
  while (::flock(folder.get(), how) != 0) {
    if (errno == EWOULDBLOCK)
      return false;
    if (errno != EINTR)
      base::throw_errno(errno, "lock", path.string());
  }
  return true;
}

// While this is held no folder is made but not locked yet.
base::Fd lock_parent(const fs::path& parent) {
  fs::create_directories(parent);
  base::Fd folder = open_folder(parent);
  lock(folder, LOCK_EX, parent);
  return folder;
}

// False also of a folder that its owner has just removed.
bool nobody_has(const fs::path& path) {
  const base::Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder && errno != ENOENT)
    base::throw_errno(errno, "open", path.string());
  return folder && lock(folder, LOCK_EX | LOCK_NB, path);
}

}  // namespace

Scratch::Scratch(const fs::path& trees) {
  const fs::path parent = parent_of(trees);
  const base::Fd quiet = lock_parent(parent);
  std::string name = (parent / "scan-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    base::throw_errno(errno, "create a folder in", parent.string());
  path_ = name;
  lock_ = open_folder(path_);
  lock(lock_, LOCK_EX, path_);
}

Scratch::~Scratch() {
  std::error_code left;  // sweep() removes what stays
  fs::remove_all(path_, left);
}

std::size_t Scratch::sweep(const fs::path& trees) {
  const fs::path parent = parent_of(trees);
  const base::Fd quiet = lock_parent(parent);
  std::vector<fs::path> dead;
  for (const auto& entry : fs::directory_iterator(parent))
    if (nobody_has(entry.path()))
      dead.push_back(entry.path());
  for (const fs::path& path : dead)
    fs::remove_all(path);
  return dead.size();
}

}  // namespace jaunt::chunkstore
