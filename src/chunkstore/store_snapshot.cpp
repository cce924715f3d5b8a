#include "chunkstore/store_snapshot.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace jaunt::chunkstore {

namespace {

using Segment = StoreSnapshot::Segment;

std::shared_ptr<const IndexSegment> known(const StoreSnapshot* earlier, std::uint64_t number) {
  if (earlier != nullptr)
    for (const Segment& segment : earlier->segments())
      if (segment.number == number)
        return segment.index;
  return nullptr;
}

}  // namespace

std::shared_ptr<const StoreSnapshot> StoreSnapshot::load(const StoreFolder& folder, const std::string& realm,
                                                         const std::shared_ptr<const StoreSnapshot>& earlier) {
  std::uint64_t missed = ~std::uint64_t{0};
  while (true) {
    auto fresh = std::shared_ptr<StoreSnapshot>(new StoreSnapshot());
    fresh->realm_ = realm;
    std::vector<SegmentRecord> records;
    folder.manifest().read([&](const ReadTxn& txn) {
      fresh->version_ = manifest::get(txn, Counter::version);
      if (earlier && earlier->version_ == fresh->version_)
        return;
      records = manifest::segments(txn, realm);
      for (PackRecord& pack : manifest::packs(txn, realm))
        fresh->packs_.emplace(pack.number, std::move(pack));
      const auto groups = manifest::damaged(txn);
      fresh->damaged_.insert(groups.begin(), groups.end());
    });
    if (earlier && earlier->version_ == fresh->version_)
      return earlier;
    try {
      for (auto record = records.rbegin(); record != records.rend(); ++record) {
        auto index = known(earlier.get(), record->number);
        if (!index)
          index = std::make_shared<IndexSegment>(folder.segment(record->number));
        fresh->segments_.push_back({record->number, std::move(index)});
      }
      return fresh;
    } catch (const base::Error& error) {
      // A commit has replaced the segment since the manifest was read; else it is really gone.
      if (error.kind() != base::ErrorKind::not_found || missed == fresh->version_)
        throw;
      missed = fresh->version_;
    }
  }
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
