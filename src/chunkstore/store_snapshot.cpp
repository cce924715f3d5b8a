#include "chunkstore/store_snapshot.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace jaunt::chunkstore {

namespace {

using base::Error;
using base::ErrorKind;
using Segment = StoreSnapshot::Segment;

std::shared_ptr<const IndexSegment> known(const StoreSnapshot* earlier, std::uint64_t number) {
  if (earlier != nullptr)
    for (const Segment& segment : earlier->segments())
      if (segment.number == number)
        return segment.index;
  return nullptr;
}

}  // namespace

// Only the version where it is that of `earlier`.
std::vector<SegmentRecord> StoreSnapshot::load_manifest(const StoreFolder& folder, const std::string& realm,
                                                        const StoreSnapshot* earlier) {
  std::vector<SegmentRecord> records;
  realm_ = realm;
  folder.manifest().read([&](const ReadTxn& txn) {
    version_ = manifest::get(txn, Counter::version);
    if (earlier != nullptr && earlier->version_ == version_)
      return;
    records = manifest::segments(txn, realm);
    std::ranges::reverse(records);
    packs_.clear();
    damaged_.clear();
    for (PackRecord& pack : manifest::packs(txn, realm))
      packs_.insert_or_assign(pack.number, std::move(pack));
    const auto groups = manifest::damaged(txn);
    damaged_.insert(groups.begin(), groups.end());
  });
  return records;
}

std::shared_ptr<const StoreSnapshot> StoreSnapshot::load(const StoreFolder& folder, const std::string& realm,
                                                         const std::shared_ptr<const StoreSnapshot>& earlier) {
  std::uint64_t missed = ~std::uint64_t{0};
  while (true) {
    auto fresh = std::shared_ptr<StoreSnapshot>(new StoreSnapshot());
    const auto records = fresh->load_manifest(folder, realm, earlier.get());
    if (earlier && earlier->version_ == fresh->version_)
      return earlier;
    try {
      for (const SegmentRecord& record : records) {
        auto index = known(earlier.get(), record.number);
        if (!index)
          index = std::make_shared<IndexSegment>(folder.segment(record.number));
        fresh->segments_.push_back({record.number, std::move(index)});
      }
      return fresh;
    } catch (const Error& error) {
      // A commit has replaced the segment since the manifest was read; else it is really gone.
      if (error.kind() != ErrorKind::not_found || missed == fresh->version_)
        throw;
      missed = fresh->version_;
    }
  }
}

std::shared_ptr<const StoreSnapshot> StoreSnapshot::load_without_index(const StoreFolder& folder,
                                                                       const std::string& realm) {
  auto fresh = std::shared_ptr<StoreSnapshot>(new StoreSnapshot());
  for (const SegmentRecord& record : fresh->load_manifest(folder, realm, nullptr))
    fresh->segments_.push_back({record.number, nullptr});
  return fresh;
}

std::uint64_t StoreSnapshot::entries() const {
  std::uint64_t count = 0;
  for (const Segment& segment : segments_)
    count += segment.index->entries().size();
  return count;
}

std::optional<Location> StoreSnapshot::find(const model::BlockId& id) const {
  for (const Segment& segment : segments_)
    if (const auto location = segment.index->find(id))
      return alive(*location) ? location : std::nullopt;
  return std::nullopt;
}

MergedEntries StoreSnapshot::merged() const {
  std::vector<std::span<const IndexEntry>> lists;
  for (const Segment& segment : segments_)
    lists.push_back(segment.index->entries());
  return MergedEntries(std::move(lists));
}

}  // namespace jaunt::chunkstore
