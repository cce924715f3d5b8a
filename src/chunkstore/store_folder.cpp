#include "chunkstore/store_folder.hpp"

#include <cerrno>
#include <set>
#include <string>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/named_point.hpp"
#include "chunkstore/store_manifest.hpp"

namespace jaunt::chunkstore {

namespace fs = std::filesystem;

namespace {

constexpr base::ByteCount kMapBytes(64 * base::kMiB);

void make_folder(const fs::path& path) {
  if (::mkdir(path.c_str(), 0700) == 0)
    base::sync_directory(path.parent_path());
  else if (errno != EEXIST)
    base::throw_errno(errno, "create the folder", path.string());
}

void keep_only(const fs::path& folder, const std::set<fs::path>& named) {
  std::error_code failed;
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed))
    if (!named.contains(entry->path()) && ::unlink(entry->path().c_str()) != 0)
      base::throw_errno(errno, "remove", entry->path().string());
  if (failed)
    base::throw_errno(failed.value(), "list", folder.string());
}

}  // namespace

StoreFolder::StoreFolder(const fs::path& home) : path_(home / "store") {
  for (const fs::path& folder : {path_, packs(), index(), path_ / "manifest"})
    make_folder(folder);
  using enum Table;
  manifest_ = Database::open(path_ / "manifest", kMapBytes,
                             {Table::packs, segments, references, reference_ids, damaged, state});
}

fs::path StoreFolder::pack(std::uint32_t number) const {
  return packs() / fmt::format("{:08}.pack", number);
}

fs::path StoreFolder::segment(std::uint64_t number) const {
  return index() / fmt::format("{:012}.ids", number);
}

base::ByteCount StoreFolder::pack_bytes() const {
  base::ByteCount bytes;
  manifest_->read([&](const ReadTxn& txn) {
    bytes = {};
    for (const PackRecord& pack : manifest::packs(txn))
      bytes += base::ByteCount(pack.bytes);
  });
  return bytes;
}

base::FileLock StoreFolder::lock_writer(std::chrono::milliseconds patience) const {
  return base::FileLock::take(path_ / "lock", patience);
}

void StoreFolder::remove_orphans() const {
  std::set<fs::path> named;
  bool has_had_packs = false;
  manifest_->read([&](const ReadTxn& txn) {
    has_had_packs = manifest::get(txn, Counter::pack) > 0;
    for (const PackRecord& record : manifest::packs(txn))
      named.insert(pack(record.number));
    for (const SegmentRecord& record : manifest::segments(txn))
      named.insert(segment(record.number));
  });
  if (!has_had_packs && !fs::is_empty(packs()))
    throw base::Error(base::ErrorKind::corrupt, "use the store", path_.string(),
                      "its manifest is lost and its packs are not",
                      "put the folder manifest back, or remove the store");
  base::named_point("store.remove-orphans");
  keep_only(packs(), named);
  keep_only(index(), named);
}

}  // namespace jaunt::chunkstore
