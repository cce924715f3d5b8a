// Folders in which trees are built, and what remains of those of killed processes.
#pragma once

#include <filesystem>

#include "base/file.hpp"

namespace jaunt::chunkstore {

// A folder of one scan within HOME/trees. Locked while it lives, so that it is known when nobody owns it any more;
// removed with its content at the end.
class Scratch {
 public:
  explicit Scratch(const std::filesystem::path& trees);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // Removes the folders that no living process owns; returns how many there were.
  static std::size_t sweep(const std::filesystem::path& trees);

 private:
  std::filesystem::path path_;
  base::Fd lock_;
};

}  // namespace jaunt::chunkstore
