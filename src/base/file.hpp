// Files by descriptor: opening, exact positioned reads and writes, and files that appear whole or not at all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <sys/stat.h>

#include "base/bytes.hpp"
#include "base/units.hpp"

namespace jaunt::base {

// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

// An open file and the name by which errors speak of it. Positioned calls only, so any number of threads may share
// it.
class File {
 public:
  // `flags` as for open(2); O_CLOEXEC is added. Throws an Error that names the path.
  static File open(const std::filesystem::path& path, int flags, mode_t mode = 0600);

  File() = default;
  File(Fd fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path)) {}

  int fd() const { return fd_.get(); }
  const std::filesystem::path& path() const { return path_; }
  struct stat stat() const;

  // Reads until the buffer is full or the file ends; returns the bytes read.
  std::size_t read_some(ByteOffset at, std::span<std::byte> into) const;
  // Reads exactly; a file that ends before is an io error.
  void read_exact(ByteOffset at, std::span<std::byte> into) const;
  void write_all(ByteOffset at, ByteView bytes) const;
  void truncate(ByteCount size) const;
  void sync() const;

 private:
  Fd fd_;
  std::filesystem::path path_;
};

// A file without a name in this folder, for work that outgrows memory; it is gone when it is closed.
File unnamed_file(const std::filesystem::path& folder);

// A file built under a temporary name beside its final one. commit() makes it durable and visible in one step;
// without it, destruction removes the temporary file.
class AtomicFile {
 public:
  enum class Existing { replace, keep };  // keep: a file that has the final name by now makes commit() fail

  explicit AtomicFile(std::filesystem::path final_path, mode_t mode = 0600);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  const File& file() const { return file_; }
  void commit(Existing existing = Existing::replace);

 private:
  std::filesystem::path final_path_;
  std::filesystem::path temporary_path_;
  File file_;
  bool committed_ = false;
};

// A whole file, read-only, mapped. Only for files that jaunt itself wrote and owns: a foreign file that is truncated
// under a mapping would kill the process.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  MappedFile& operator=(MappedFile&&) = delete;

  ByteView bytes() const { return bytes_; }

 private:
  ByteView bytes_;
};

// The whole content, at most `bytes_max`; more is a limit error.
std::string read_text_file(const std::filesystem::path& path, ByteCount bytes_max);

// Replaces the file in one durable step.
void write_text_file(const std::filesystem::path& path, std::string_view text, mode_t mode = 0600);

// Makes a rename or a new name in this folder durable.
void sync_directory(const std::filesystem::path& directory);

// A folder with a random name that is removed, with its content, at the end.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const std::filesystem::path& parent = std::filesystem::temp_directory_path());
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace jaunt::base
