#include "chunkstore/index_rebuild.hpp"

#include <algorithm>
#include <vector>

#include "chunkstore/pack_walk.hpp"
#include "chunkstore/store_commit.hpp"

namespace jaunt::chunkstore {

namespace {

// The entries of one pack as a file without a manifest; if the process dies, it is an orphan.
IndexSegment entries_of(const StoreFolder& folder, const PackRecord& pack, const base::CancelToken& cancel) {
  std::vector<IndexEntry> entries;
  walk_pack(
      folder.pack(pack.number), base::ByteCount(pack.bytes),
      [&](base::ByteOffset at, const pack_format::GroupView& group, base::ByteView) {
        for (unsigned slot = 0; slot < group.ids.size(); ++slot)
          entries.push_back({group.ids[slot], Location::of(pack.number, at.value, group.bytes, slot)});
      },
      cancel);
  sort_entries(entries);
  std::uint64_t number = 0;
  folder.manifest().write([&](WriteTxn& txn) { number = manifest::next(txn, Counter::segment); });
  SegmentWriter writer(folder.segment(number));
  for (const IndexEntry& entry : entries)
    writer.append(entry);
  writer.finish();
  IndexSegment segment(folder.segment(number));
  std::filesystem::remove(folder.segment(number));  // it stays mapped
  return segment;
}

}  // namespace

void rebuild_index(const StoreFolder& folder, const std::string& realm, const base::CancelToken& cancel) {
  const auto before = StoreSnapshot::load_without_index(folder, realm);
  std::vector<PackRecord> packs;
  for (const auto& [number, pack] : before->packs())
    packs.push_back(pack);
  std::ranges::sort(packs, std::ranges::greater{}, &PackRecord::number);  // later packs win
  std::vector<IndexSegment> segments;
  std::vector<std::span<const IndexEntry>> lists;
  for (const PackRecord& pack : packs) {
    segments.push_back(entries_of(folder, pack, cancel));
    lists.push_back(segments.back().entries());
  }
  commit(folder, *before, {.instead_of_index = std::move(lists)});
}

}  // namespace jaunt::chunkstore
