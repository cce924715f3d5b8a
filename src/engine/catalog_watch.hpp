// Waits until something may have changed where the catalog's images are.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "chunkstore/image_record.hpp"
#include "hypervisor/connection_watch.hpp"

namespace jaunt::engine {

// Watches the folders of folders and images by inotify and connections by libvirt's events, from construction on.
// What cannot be watched is noticed by time alone. One thread.
class CatalogWatch {
 public:
  explicit CatalogWatch(const std::vector<chunkstore::EntryRecord>& entries);
  ~CatalogWatch();
  CatalogWatch(const CatalogWatch&) = delete;
  CatalogWatch& operator=(const CatalogWatch&) = delete;

  // Returns when something changed and has been quiet for two seconds since, at most half a minute after the first
  // change; or after ten minutes. Throws Cancelled.
  void wait(const base::CancelToken& cancel);

 private:
  struct Watched;

  void watch_folder(const std::filesystem::path& folder);
  bool drain();

  base::Fd files_;  // of inotify
  std::vector<std::unique_ptr<Watched>> connections_;
  std::shared_ptr<base::Fd> raised_;  // an eventfd
};

}  // namespace jaunt::engine
