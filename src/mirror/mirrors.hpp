// Where packages can be had: apt and dnf repositories, looked up by exact version.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "mirror/download.hpp"
#include "mirror/index_shelf.hpp"
#include "mirror/package_name.hpp"
#include "model/description.hpp"

namespace jaunt::mirror {

struct Sites {
  std::vector<model::Repository> repositories;  // of formats "apt" and "rpm"
  std::vector<std::string> archives;            // of old versions: what holds a pool/
  Proxies proxies;

  bool empty() const { return repositories.empty(); }
};

// An index whose content a guest has under /var/lib/apt/lists, too.
struct IndexFile {
  std::string url;
  std::filesystem::path path;
};

struct Lookup {
  std::vector<Offered> found;           // with hash and size
  std::vector<Offered> guessed;         // where an old version may lie; nothing but the address is known
  std::vector<model::Package> unknown;  // nowhere
  std::vector<IndexFile> indices;
  std::vector<std::string> problems;  // sentences
};

// The suites of the guest at the destination's own mirrors: a guest's words never decide whom this host asks.
std::vector<model::Repository> suites_here(const std::vector<model::Repository>& own,
                                           const std::vector<model::Repository>& guest);

// Looks for these packages in the indices of all sites, which it fetches where that has to be done.
Lookup look_up(const std::vector<model::Package>& packages, const Sites& sites, const IndexShelf& shelf,
               Downloads& downloads, const base::CancelToken& cancel);

}  // namespace jaunt::mirror
