#include "base/file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/put_in_place.hpp"

namespace jaunt::base {

namespace fs = std::filesystem;

void Fd::reset() {
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = -1;
}

File File::open(const fs::path& path, int flags, mode_t mode) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (fd < 0)
    throw_errno(errno, "open", path.string());
  return File(Fd(fd), path);
}

struct stat File::stat() const {
  struct stat result {};
  if (::fstat(fd(), &result) != 0)
    throw_errno(errno, "examine", path_.string());
  return result;
}

std::size_t File::read_some(ByteOffset at, std::span<std::byte> into) const {
  std::size_t done = 0;
  while (done < into.size()) {
    const auto got = ::pread(fd(), into.data() + done, into.size() - done, static_cast<off_t>(at.value + done));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      throw_errno(errno, "read", path_.string());
    if (got == 0)
      break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

void File::read_exact(ByteOffset at, std::span<std::byte> into) const {
  if (read_some(at, into) != into.size())
    throw Error(ErrorKind::io, "read", path_.string(),
                "the file ends before byte " + std::to_string(at.value + into.size()));
}

void File::write_all(ByteOffset at, ByteView bytes) const {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto put = ::pwrite(fd(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(at.value + done));
    if (put < 0 && errno == EINTR)
      continue;
    if (put < 0)
      throw_errno(errno, "write", path_.string());
    done += static_cast<std::size_t>(put);
  }
}

void File::truncate(ByteCount size) const {
  if (::ftruncate(fd(), static_cast<off_t>(size.value)) != 0)
    throw_errno(errno, "resize", path_.string());
}

void File::sync() const {
  if (::fsync(fd()) != 0)
    throw_errno(errno, "sync", path_.string());
}

File unnamed_file(const fs::path& folder) {
  // Not O_TMPFILE: some filesystems have none.
  std::string name = (folder / ".unnamed.XXXXXX").string();
  const int fd = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd < 0)
    throw_errno(errno, "create a temporary file in", folder.string());
  ::unlink(name.c_str());
  return File(Fd(fd), name);
}

AtomicFile::AtomicFile(fs::path final_path, mode_t mode) : final_path_(std::move(final_path)) {
  std::string name = (final_path_.parent_path() / ("." + final_path_.filename().string() + ".XXXXXX")).string();
  const int fd = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd < 0)
    throw_errno(errno, "create a temporary file beside", final_path_.string());
  temporary_path_ = name;
  file_ = File(Fd(fd), temporary_path_);
  if (::fchmod(fd, mode) != 0) {
    const int error_number = errno;
    ::unlink(temporary_path_.c_str());
    throw_errno(error_number, "set the mode of", temporary_path_.string());
  }
}

AtomicFile::~AtomicFile() {
  if (!committed_)
    ::unlink(temporary_path_.c_str());
}

void AtomicFile::commit(Existing existing) {
  file_.sync();
  put_in_place(temporary_path_, final_path_, existing == Existing::replace);
  committed_ = true;
}

MappedFile::MappedFile(const fs::path& path) {
  const File file = File::open(path, O_RDONLY);
  const auto size = static_cast<std::size_t>(file.stat().st_size);
  if (size == 0)
    return;
  void* const address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.fd(), 0);
  if (address == MAP_FAILED)
    throw_errno(errno, "map", path.string());
  bytes_ = ByteView(static_cast<const std::byte*>(address), size);
}

MappedFile::~MappedFile() {
  if (!bytes_.empty())
    ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

std::string read_text_file(const fs::path& path, ByteCount bytes_max) {
  const File file = File::open(path, O_RDONLY);
  std::string text;
  std::size_t done = 0;
  while (true) {
    text.resize(done + 64 * kKiB);
    const auto got = file.read_some(ByteOffset(done), std::as_writable_bytes(std::span(text)).subspan(done));
    done += got;
    if (done > bytes_max.value)
      throw Error(ErrorKind::limit, "read", path.string(),
                  "longer than " + std::to_string(bytes_max.value) + " bytes");
    if (got < 64 * kKiB)
      break;
  }
  text.resize(done);
  return text;
}

void write_text_file(const fs::path& path, std::string_view text, mode_t mode) {
  AtomicFile out(path, mode);
  out.file().write_all(ByteOffset(0), as_bytes(text));
  out.commit();
}

void sync_directory(const fs::path& directory) {
  const fs::path path = directory.empty() ? fs::path(".") : directory;
  File::open(path, O_RDONLY | O_DIRECTORY).sync();
}

TemporaryDirectory::TemporaryDirectory(const fs::path& parent) {
  std::string name = (parent / "jaunt-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw_errno(errno, "create a temporary folder in", parent.string());
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;  // destructors abandon; a leftover in the temporary folder harms nobody
  fs::remove_all(path_, ignored);
}

}  // namespace jaunt::base
