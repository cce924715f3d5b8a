#include "chunkstore/store_folder.hpp"

#include <set>
#include <string>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/named_point.hpp"
#include "chunkstore/store_manifest.hpp"

namespace jaunt::chunkstore {

namespace fs = std::filesystem;

namespace {

constexpr base::ByteCount kMapBytes(64 * base::kMiB);

void make_folder(const fs::path& path) {
  std::error_code failed;
  if (fs::create_directory(path, failed); failed)
    base::throw_errno(failed.value(), "create the folder", path.string());
  fs::permissions(path, fs::perms::owner_all, failed);
}

void keep_only(const fs::path& folder, const std::set<fs::path>& named) {
  for (const auto& entry : fs::directory_iterator(folder))
    if (!named.contains(entry.path()))
      fs::remove(entry.path());
}

}  // namespace

StoreFolder::StoreFolder(const fs::path& home) : path_(home / "store") {
  for (const fs::path& folder : {path_, packs(), index()})
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

base::FileLock StoreFolder::lock_writer(std::chrono::milliseconds patience) const {
  return base::FileLock::take(path_ / "lock", patience);
}

void StoreFolder::remove_orphans() const {
  std::set<fs::path> named;
  manifest_->read([&](const ReadTxn& txn) {
    for (const PackRecord& record : manifest::packs(txn))
      named.insert(pack(record.number));
    for (const SegmentRecord& record : manifest::segments(txn))
      named.insert(segment(record.number));
  });
  base::named_point("store.remove-orphans");
  keep_only(packs(), named);
  keep_only(index(), named);
}

}  // namespace jaunt::chunkstore
