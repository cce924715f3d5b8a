// A disk that fails, by LD_PRELOAD: what a program does to files below JAUNT_DISK_FOLDER is counted, and at the N-th
// operation JAUNT_DISK_FAULT=KIND:N:SEED strikes. KIND io and space let this one call fail with EIO or ENOSPC; cut is
// a power cut: of all that was not synced, a random part is lost, page by page, name by name, and the process dies.
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

constexpr std::uint64_t kPageBytes = 4096;

template <typename Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

using Pread = ssize_t (*)(int, void*, size_t, off_t);
using Pwrite = ssize_t (*)(int, const void*, size_t, off_t);
using Open = int (*)(const char*, int, ...);
using Sync = int (*)(int);
using Truncate = int (*)(int, off_t);
using Unlink = int (*)(const char*);

// Something that happened and is not durable yet.
struct Undo {
  enum class What { write, size, created, removed };
  What what{};
  std::string path;
  off_t offset = 0;     // of a write; the size before
  std::string bytes{};  // what was there before; the name under which a removed file is kept
};

struct Disk {
  std::recursive_mutex mutex;
  std::string folder;
  std::string kind;
  std::uint64_t strike_at = 0;
  std::uint64_t seed = 0;
  std::uint64_t operations = 0;
  std::uint64_t kept_files = 0;
  std::vector<Undo> undos;

  Disk() {
    if (const char* const text = std::getenv("JAUNT_DISK_FOLDER"))
      folder = text;
    const char* const fault = std::getenv("JAUNT_DISK_FAULT");
    char word[16] = "";
    if (fault != nullptr && std::sscanf(fault, "%15[a-z]:%lu:%lu", word, &strike_at, &seed) >= 2)
      kind = word;
  }

  bool ours(const std::string& path) const { return !folder.empty() && path.compare(0, folder.size(), folder) == 0; }

  std::string path_of(int fd) const {
    char link[64];
    char target[4096];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = ::readlink(link, target, sizeof target);
    return length > 0 ? std::string(target, static_cast<std::size_t>(length)) : std::string();
  }

  // Counts the operation; true when this one fails. Does not return from a power cut.
  bool strikes() {
    if (kind.empty() || ++operations != strike_at)
      return false;
    if (kind == "cut")
      cut();
    return true;
  }

  int error_of(bool writes) const { return kind == "space" && writes ? ENOSPC : EIO; }

  bool lost(const std::string& path, std::uint64_t page) const {
    std::uint64_t hash = seed * 0x9e3779b97f4a7c15 + page;
    for (const char letter : path)
      hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3;
    return (hash >> 33) % 2 == 0;
  }

  void put_back(const Undo& undo) const {
    const int fd = real<Open>("open")(undo.path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0)
      return;
    if (undo.what == Undo::What::size) {
      if (lost(undo.path, ~std::uint64_t{0}))
        static_cast<void>(real<Truncate>("ftruncate")(fd, undo.offset));
    } else {
      struct stat status {};
      ::fstat(fd, &status);
      for (std::size_t at = 0; at < undo.bytes.size();) {
        const auto place = static_cast<std::uint64_t>(undo.offset) + at;
        const std::size_t some = std::min<std::size_t>(kPageBytes - place % kPageBytes, undo.bytes.size() - at);
        if (lost(undo.path, place / kPageBytes) && static_cast<off_t>(place) < status.st_size)
          static_cast<void>(real<Pwrite>("pwrite")(fd, undo.bytes.data() + at, some, static_cast<off_t>(place)));
        at += some;
      }
    }
    ::close(fd);
  }

  [[noreturn]] void cut() {
    for (auto undo = undos.rbegin(); undo != undos.rend(); ++undo) {
      if (undo->what == Undo::What::created) {
        if (lost(undo->path, 0))
          real<Unlink>("unlink")(undo->path.c_str());
      } else if (undo->what == Undo::What::removed) {
        if (lost(undo->path, 0))
          ::rename(undo->bytes.c_str(), undo->path.c_str());
      } else {
        put_back(*undo);
      }
    }
    ::raise(SIGKILL);
    std::abort();
  }

  // Before a write or a truncation.
  void remember(int fd, const std::string& path, off_t offset, std::size_t length) {
    struct stat status {};
    ::fstat(fd, &status);
    const auto end = std::min<off_t>(status.st_size, offset + static_cast<off_t>(length));
    if (end > offset) {
      std::string before(static_cast<std::size_t>(end - offset), '\0');
      const int reader = real<Open>("open")(path.c_str(), O_RDONLY | O_CLOEXEC);
      const auto got = real<Pread>("pread")(reader, before.data(), before.size(), offset);
      ::close(reader);
      before.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
      undos.push_back({Undo::What::write, path, offset, std::move(before)});
    }
    if (offset + static_cast<off_t>(length) > status.st_size) {
      // Beyond the end there were zeros, as far as the file has grown without them.
      undos.push_back({Undo::What::write, path, std::max<off_t>(offset, status.st_size),
                       std::string(static_cast<std::size_t>(offset + static_cast<off_t>(length) -
                                                            std::max<off_t>(offset, status.st_size)),
                                   '\0')});
      undos.push_back({Undo::What::size, path, status.st_size});
    }
  }

  void synced(const std::string& path) {
    struct stat status {};
    const bool folder_synced = ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    std::erase_if(undos, [&](const Undo& undo) {
      const bool named = undo.what == Undo::What::created || undo.what == Undo::What::removed;
      return named ? folder_synced && undo.path.substr(0, undo.path.rfind('/')) == path : undo.path == path;
    });
  }

  bool writes_through(int fd) const { return (::fcntl(fd, F_GETFL) & O_DSYNC) != 0; }
};

Disk& disk() {
  static Disk* const the = new Disk;
  return *the;
}

int open_file(const char* name, int flags, mode_t mode) {
  const std::string path = name;
  const std::lock_guard lock(disk().mutex);
  const bool creates = (flags & O_CREAT) != 0 && disk().ours(path) && ::access(name, F_OK) != 0;
  if (creates && disk().strikes()) {
    errno = disk().error_of(true);
    return -1;
  }
  const int fd = real<Open>("open")(name, flags, mode);
  if (creates && fd >= 0)
    disk().undos.push_back({Undo::What::created, path});
  return fd;
}

int sync_file(const char* function, int fd) {
  const std::lock_guard lock(disk().mutex);
  const std::string path = disk().path_of(fd);
  if (disk().ours(path) && disk().strikes()) {
    errno = EIO;
    return -1;
  }
  const int result = real<Sync>(function)(fd);
  if (disk().ours(path))
    disk().synced(path);
  return result;
}

}  // namespace

extern "C" {

int open(const char* name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return open_file(name, flags, mode);
}

int open64(const char* name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return open_file(name, flags, mode);
}

ssize_t pread(int fd, void* into, size_t size, off_t offset) {
  const std::lock_guard lock(disk().mutex);
  if (disk().ours(disk().path_of(fd)) && disk().strikes()) {
    errno = EIO;
    return -1;
  }
  return real<Pread>("pread")(fd, into, size, offset);
}

ssize_t pread64(int fd, void* into, size_t size, off_t offset) {
  return pread(fd, into, size, offset);
}

ssize_t pwrite(int fd, const void* from, size_t size, off_t offset) {
  const std::lock_guard lock(disk().mutex);
  const std::string path = disk().path_of(fd);
  if (disk().ours(path)) {
    if (disk().strikes()) {
      errno = disk().error_of(true);
      return -1;
    }
    if (!disk().writes_through(fd))
      disk().remember(fd, path, offset, size);
  }
  return real<Pwrite>("pwrite")(fd, from, size, offset);
}

ssize_t pwrite64(int fd, const void* from, size_t size, off_t offset) {
  return pwrite(fd, from, size, offset);
}

ssize_t pwritev(int fd, const struct iovec* parts, int count, off_t offset) {
  ssize_t done = 0;
  for (int i = 0; i < count; ++i) {
    const ssize_t put = pwrite(fd, parts[i].iov_base, parts[i].iov_len, offset + done);
    if (put < 0)
      return done > 0 ? done : put;
    done += put;
  }
  return done;
}

ssize_t pwritev64(int fd, const struct iovec* parts, int count, off_t offset) {
  return pwritev(fd, parts, count, offset);
}

int ftruncate(int fd, off_t size) {
  const std::lock_guard lock(disk().mutex);
  const std::string path = disk().path_of(fd);
  if (disk().ours(path)) {
    if (disk().strikes()) {
      errno = disk().error_of(true);
      return -1;
    }
    struct stat status {};
    ::fstat(fd, &status);
    if (size < status.st_size)
      disk().remember(fd, path, size, static_cast<std::size_t>(status.st_size - size));
    disk().undos.push_back({Undo::What::size, path, status.st_size});
  }
  return real<Truncate>("ftruncate")(fd, size);
}

int ftruncate64(int fd, off_t size) {
  return ftruncate(fd, size);
}

int fsync(int fd) {
  return sync_file("fsync", fd);
}

int fdatasync(int fd) {
  return sync_file("fdatasync", fd);
}

int unlink(const char* name) {
  const std::lock_guard lock(disk().mutex);
  const std::string path = name;
  if (!disk().ours(path))
    return real<Unlink>("unlink")(name);
  if (disk().strikes()) {
    errno = EIO;
    return -1;
  }
  if (disk().kind != "cut")
    return real<Unlink>("unlink")(name);
  const std::string kept = disk().folder + ".removed." + std::to_string(disk().kept_files++);
  if (::rename(name, kept.c_str()) != 0)
    return -1;
  disk().undos.push_back({Undo::What::removed, path, 0, kept});
  return 0;
}

int remove(const char* name) {
  struct stat status {};
  return ::lstat(name, &status) == 0 && S_ISDIR(status.st_mode) ? ::rmdir(name) : unlink(name);
}

}  // extern "C"

// How many operations there were, for who looks at standard error.
__attribute__((destructor)) static void report() {
  if (std::getenv("JAUNT_DISK_COUNT") != nullptr)
    std::fprintf(stderr, "operations %lu\n", disk().operations);
}
