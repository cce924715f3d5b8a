// A node's home: the folder with its configuration, catalog, caches and jobs.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include "base/file_lock.hpp"

namespace jaunt::engine {

// `given` (of --home) if there is one, else $JAUNT_HOME, else /var/lib/jaunt.
std::filesystem::path home_path(const std::optional<std::filesystem::path>& given);

using base::FileLock;

// The home of a node on this host, made (0700) when it is absent. A home that others may write to is refused.
class Home {
 public:
  explicit Home(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path jobs() const { return path_ / "jobs"; }
  std::filesystem::path finished() const { return path_ / "finished"; }  // jobs that are over
  std::filesystem::path cache() const { return path_ / "cache"; }

  // For short steps that two processes must not do at once.
  FileLock lock(std::chrono::milliseconds patience = std::chrono::seconds(10)) const;

 private:
  std::filesystem::path path_;
};

}  // namespace jaunt::engine
