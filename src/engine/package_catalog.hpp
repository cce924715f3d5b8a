// Unpacked packages in the catalog: sources of blocks that are no images, each in the realm that uses it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "chunkstore/catalog.hpp"

namespace jaunt::engine {

class PackageCatalog {
 public:
  // `folder` is HOME/packages.
  PackageCatalog(const std::filesystem::path& home, const std::filesystem::path& folder, std::string realm);

  // Reads those of these files that are not known as they are. Nobody writes to them.
  void add(const std::vector<std::filesystem::path>& files, base::Progress& progress, const base::CancelToken& cancel);
  // Forgets those that are not there any more, in all realms.
  void forget_gone();

 private:
  chunkstore::Catalog catalog_;
  chunkstore::EntryRecord entry_;
};

}  // namespace jaunt::engine
