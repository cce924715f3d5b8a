// What a person tells the catalog: entries added and removed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chunkstore/catalog.hpp"
#include "engine/describe_job.hpp"

namespace jaunt::engine {

struct AddedEntry {
  chunkstore::EntryRecord entry;
  bool added = false;  // false: it was there already
};

// `what` is a libvirt URI, a folder or an image; `format` is of an image whose name does not tell it. Nothing is read
// but an image's header. What the configuration does not allow is refused.
AddedEntry add_to_catalog(const std::string& what, const std::string& realm, const std::optional<std::string>& format,
                          const Workplace& workplace);

struct RemovedEntry {
  std::string location;
  bool excluded = false;  // only this image of an entry, which will not be found there again
};

// An entry, or an image that was found in one: by path, or "DOMAIN TARGET". With its trees, if nothing else needs
// them. A not_found error where the realm knows no such thing.
std::vector<RemovedEntry> remove_from_catalog(const std::string& what, const std::string& realm,
                                              const Workplace& workplace);
// Every entry of a realm; returns how many there were.
std::size_t remove_realm(const std::string& realm, const Workplace& workplace);

// Entries by what a person calls them; all of them for an empty list. A not_found error names the first unknown one.
std::vector<chunkstore::EntryRecord> select_entries(const chunkstore::Catalog& catalog,
                                                    const std::vector<std::string>& what,
                                                    const std::optional<std::string>& realm);

}  // namespace jaunt::engine
