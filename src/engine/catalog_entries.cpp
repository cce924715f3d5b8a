#include "engine/catalog_entries.hpp"

#include <algorithm>
#include <cctype>
#include <ctime>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "disk/vetted_file.hpp"
#include "engine/subject.hpp"
#include "engine/thin_records.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;
using chunkstore::EntryKind;
using chunkstore::EntryRecord;

namespace {

constexpr std::size_t kRealmLettersMax = 48;

void check_realm(const std::string& realm) {
  const bool fits =
      !realm.empty() && realm.size() <= kRealmLettersMax && std::ranges::all_of(realm, [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
      });
  if (!fits)
    throw Error(ErrorKind::usage, "use the realm", base::printable(realm),
                fmt::format("a realm's name has 1 to {} letters, digits, '.', '_' or '-'", kRealmLettersMax));
}

bool is_uri(const std::string& what) {
  return what.find("://") != what.npos;
}

// The files of another host's domains do not lie here.
void check_local(const std::string& uri) {
  const auto authority = uri.find("://") + 3;
  const auto end = uri.find('/', authority);
  if (end != authority)
    throw Error(ErrorKind::usage, "add", base::printable(uri), "its domains' disks lie on another host",
                "run jaunt catalog add on that host, with a URI such as qemu:///system");
}

// How an entry is called in the catalog: the real path, or the URI as it is.
std::string location_of(const std::string& what) {
  if (is_uri(what))
    return what;
  std::error_code failed;
  const fs::path real = fs::weakly_canonical(fs::absolute(what), failed);
  return failed ? what : real.string();
}

EntryRecord examine(const std::string& what, const std::optional<std::string>& format, const Workplace& workplace) {
  EntryRecord entry;
  entry.location = location_of(what);
  Libvirt libvirt(is_uri(what) ? what : workplace.config.libvirt_uri);
  if (is_uri(what)) {
    check_local(what);
    libvirt.connection();
    entry.kind = EntryKind::libvirt;
    return entry;
  }
  const disk::Policy policy = image_policy(workplace.config, libvirt);
  const fs::path real = disk::vet_path(what, policy);
  std::error_code unknown;
  if (!fs::exists(real, unknown))
    throw Error(ErrorKind::not_found, "add", base::printable(what), "there is no such file or folder",
                "a libvirt connection is named by its URI, such as qemu:///system");
  if (fs::is_directory(real, unknown)) {
    entry.kind = EntryKind::folder;
    return entry;
  }
  disk::resolve_chain({.path = real, .format = format}, policy);
  entry.kind = EntryKind::image;
  entry.format = format;
  return entry;
}

}  // namespace

AddedEntry add_to_catalog(const std::string& what, const std::string& realm, const std::optional<std::string>& format,
                          const Workplace& workplace) {
  check_realm(realm);
  EntryRecord entry = examine(what, format, workplace);
  entry.realm = realm;
  entry.added_at = std::time(nullptr);
  chunkstore::Catalog catalog(workplace.home.path());
  const bool added = catalog.add_entry(entry);
  return {.entry = std::move(entry), .added = added};
}

std::vector<RemovedEntry> remove_from_catalog(const std::string& what, const std::string& realm,
                                              const Workplace& workplace) {
  chunkstore::Catalog catalog(workplace.home.path());
  const std::string location = location_of(what);
  std::vector<RemovedEntry> removed;
  std::vector<EntryRecord> left;
  for (EntryRecord& entry : catalog.entries()) {
    if (entry.realm != realm)
      continue;
    if (entry.location != location) {
      left.push_back(std::move(entry));
      continue;
    }
    catalog.remove_entry(key_of(entry));
    ThinRecords(workplace.home.path()).disown(location);
    removed.push_back({.location = location, .excluded = false});
  }
  const std::vector<chunkstore::ImageRecord> images = catalog.images();
  for (const EntryRecord& entry : left) {
    std::vector<std::string> paths;
    for (const chunkstore::ImageRecord& image : images)
      if (image.entry == key_of(entry) && (image.path == location || image.name() == what))
        paths.push_back(image.path);
    if (paths.empty())
      continue;
    catalog.exclude(key_of(entry), paths);
    for (std::string& path : paths)
      removed.push_back({.location = std::move(path), .excluded = true});
  }
  if (removed.empty())
    throw Error(ErrorKind::not_found, "remove", base::printable(what),
                fmt::format("the realm {} has no such entry or image", base::printable(realm)),
                "jaunt catalog list --images");
  return removed;
}

std::size_t remove_realm(const std::string& realm, const Workplace& workplace) {
  chunkstore::Catalog catalog(workplace.home.path());
  std::size_t count = 0;
  for (const EntryRecord& entry : catalog.entries())
    if (entry.realm == realm)
      count += catalog.remove_entry(key_of(entry)) ? 1 : 0;
  return count;
}

std::vector<EntryRecord> select_entries(const chunkstore::Catalog& catalog, const std::vector<std::string>& what,
                                        const std::optional<std::string>& realm) {
  std::vector<EntryRecord> entries = catalog.entries();
  if (realm)
    std::erase_if(entries, [&](const EntryRecord& entry) { return entry.realm != *realm; });
  if (what.empty())
    return entries;
  std::vector<EntryRecord> selected;
  for (const std::string& name : what) {
    const std::string location = location_of(name);
    const std::size_t known = selected.size();
    std::ranges::copy_if(entries, std::back_inserter(selected),
                         [&](const EntryRecord& entry) { return entry.location == location; });
    if (selected.size() == known)
      throw Error(ErrorKind::not_found, "find", base::printable(name), "the catalog has no such entry",
                  "jaunt catalog list");
  }
  return selected;
}

}  // namespace jaunt::engine
