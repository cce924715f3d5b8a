// The folder of a store: the names of its files, its manifest, and the lock of its one writer.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/file_lock.hpp"
#include "base/units.hpp"
#include "chunkstore/database.hpp"

namespace jaunt::chunkstore {

// HOME/store, made where it is absent. Any thread.
class StoreFolder {
 public:
  explicit StoreFolder(const std::filesystem::path& home);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path packs() const { return path_ / "packs"; }
  std::filesystem::path index() const { return path_ / "index"; }
  std::filesystem::path pack(std::uint32_t number) const;
  std::filesystem::path segment(std::uint64_t number) const;
  Database& manifest() const { return *manifest_; }
  base::ByteCount pack_bytes() const;  // of all packs that count

  // Who adds or removes blocks holds this; readers and references need not. Throws busy.
  base::FileLock lock_writer(std::chrono::milliseconds patience) const;
  // Removes files that no manifest names, which a writer that was killed has left. Only with the lock.
  void remove_orphans() const;

 private:
  std::filesystem::path path_;
  std::shared_ptr<Database> manifest_;
};

}  // namespace jaunt::chunkstore
