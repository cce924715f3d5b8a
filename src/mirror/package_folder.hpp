// Packages that were unpacked here, as files of blocks: the least recently used ones go when they are too many.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/file_lock.hpp"
#include "base/units.hpp"
#include "model/description.hpp"

namespace jaunt::mirror {

// HOME/packages. Held by one process at a time, from construction on: it waits for another one.
class PackageFolder {
 public:
  PackageFolder(std::filesystem::path path, const base::CancelToken& cancel);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path indices() const { return path_ / "indices"; }
  std::filesystem::path file_of(const model::Package& package) const;
  bool has(const model::Package& package) const;

  // It is used now; what was used in this life of the folder is never dropped by it.
  void use(const std::filesystem::path& file);
  // Removes the least recently used files until all are no more than this, and tells which went.
  std::vector<std::filesystem::path> shrink(base::ByteCount bytes_max);
  // Remembers the uses.
  void finish() const;

 private:
  std::filesystem::path path_;
  base::FileLock lock_;
  std::string name_of(const std::filesystem::path& file) const;

  std::map<std::string, std::int64_t> uses_;  // by path within the folder, in seconds since 1970
  std::set<std::string> used_now_;
};

}  // namespace jaunt::mirror
