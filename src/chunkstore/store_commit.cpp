#include "chunkstore/store_commit.hpp"

#include <algorithm>
#include <system_error>

#include "base/error.hpp"
#include "base/named_point.hpp"

namespace jaunt::chunkstore {

namespace {

// A segment is merged with all newer ones once these have a third of its entries. So there are few segments, and each
// entry is written a few times, however many there are: the logarithm to the base of 4/3 at most.
constexpr std::uint64_t kMergeRatio = 3;

using Segments = std::vector<StoreSnapshot::Segment>;

// The newest segments that become one with the new entries.
Segments to_merge(const StoreSnapshot& before, const StoreChange& change) {
  const Segments& all = before.segments();
  if (change.compact_index || change.instead_of_index)
    return all;
  std::size_t count = 0;
  std::uint64_t newer = change.entries.size();
  std::uint64_t entries = newer;
  for (std::size_t i = 0; i < all.size() && newer > 0; ++i) {
    const std::uint64_t own = all[i].index->entries().size();
    if (entries * kMergeRatio >= own)
      count = i + 1;
    entries += own;
  }
  return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)};
}

// Writes what remains of the merged segments and the new entries. nullopt when there is nothing to write.
std::optional<SegmentRecord> write_segment(const StoreFolder& folder, const StoreSnapshot& before,
                                           const Segments& merged, const StoreChange& change) {
  if (merged.empty() && change.entries.empty() && !change.instead_of_index)
    return std::nullopt;
  SegmentRecord record{.number = 0, .entries = 0, .realm = before.realm()};
  folder.manifest().write([&](WriteTxn& txn) { record.number = manifest::next(txn, Counter::segment); });
  base::named_point("store.segment-begin");
  std::vector<std::span<const IndexEntry>> lists{change.entries};
  if (change.instead_of_index)
    lists.insert(lists.end(), change.instead_of_index->begin(), change.instead_of_index->end());
  else
    for (const auto& segment : merged)
      lists.push_back(segment.index->entries());
  MergedEntries all(std::move(lists));
  SegmentWriter writer(folder.segment(record.number));
  const auto* const first = change.entries.data();
  const auto* const last = first + change.entries.size();
  while (const IndexEntry* entry = all.next()) {
    // What a damaged group has lost stays known until its pack goes, so that it can be named and mended. Entries of
    // the packs that this change removes are left to the next one, because these packs may yet stay.
    const bool is_new = entry >= first && entry < last;
    if (is_new || before.packs().contains(entry->location.pack()))
      writer.append(*entry);
  }
  writer.finish();
  base::named_point("store.segment-synced");
  base::sync_directory(folder.index());
  record.entries = writer.entries();
  return record;
}

void remove_file(const std::filesystem::path& path) {
  std::error_code ignored;  // the next writer removes it as an orphan
  std::filesystem::remove(path, ignored);
}

}  // namespace

void sort_entries(std::vector<IndexEntry>& entries) {
  std::ranges::sort(entries, [](const IndexEntry& a, const IndexEntry& b) {
    return a.id != b.id ? a.id < b.id : a.location > b.location;
  });
  const auto same = [](const IndexEntry& a, const IndexEntry& b) { return a.id == b.id; };
  entries.erase(std::unique(entries.begin(), entries.end(), same), entries.end());
}

std::vector<std::uint32_t> commit(const StoreFolder& folder, const StoreSnapshot& before, StoreChange change) {
  sort_entries(change.entries);
  const Segments merged = to_merge(before, change);
  const auto segment = write_segment(folder, before, merged, change);
  base::named_point("store.commit");
  std::vector<std::uint32_t> removed;
  folder.manifest().write([&](WriteTxn& txn) {
    removed = change.removed_packs;
    if (change.needed_packs) {
      const auto needed = change.needed_packs(txn);
      std::erase_if(removed, [&](std::uint32_t pack) { return needed.contains(pack); });
    }
    for (const PackRecord& pack : change.packs)
      manifest::put(txn, pack);
    for (const std::uint32_t pack : removed)
      manifest::remove_pack(txn, pack);
    for (const auto& old : merged)
      manifest::remove_segment(txn, old.number);
    if (segment && segment->entries > 0)
      manifest::put(txn, *segment);
    manifest::next(txn, Counter::version);
  });
  base::named_point("store.committed");
  if (segment && segment->entries == 0)
    remove_file(folder.segment(segment->number));
  for (const auto& old : merged)
    remove_file(folder.segment(old.number));
  for (const std::uint32_t pack : removed)
    remove_file(folder.pack(pack));
  base::named_point("store.old-files-removed");
  return removed;
}

}  // namespace jaunt::chunkstore
