// A lock between processes that names its holder.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include "base/file.hpp"

namespace jaunt::base {

// An exclusive lock of a file that names its holder. Held until destruction, and by no dead process.
class FileLock {
 public:
  // Throws busy, naming the process that holds it, when it is not to be had within `patience`.
  static FileLock take(const std::filesystem::path& path, std::chrono::milliseconds patience = {});
  // nullopt when somebody holds it.
  static std::optional<FileLock> try_take(const std::filesystem::path& path);

 private:
  explicit FileLock(File file) : file_(std::move(file)) {}

  File file_;
};

}  // namespace jaunt::base
