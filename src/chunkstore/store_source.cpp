#include "chunkstore/store_source.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/error.hpp"
#include "chunkstore/pack_reader.hpp"
#include "model/id_order.hpp"

namespace jaunt::chunkstore {

namespace {

using model::BlockId;

constexpr unsigned kPackShift = 40;

Place place_of(Location location) {
  return {.part = location.pack(), .block = location.bits & ((std::uint64_t{1} << kPackShift) - 1)};
}

Location location_of(const Place& place) {
  return {std::uint64_t{place.part} << kPackShift | place.block};
}

class StoreReader : public SourceReader {
 public:
  explicit StoreReader(const StoreFolder& folder) : packs_(folder) {}

  bool read(const Place& place, std::span<std::byte, model::kBlockBytes> into) override {
    const Location location = location_of(place);
    try {
      const PackReader::Group group = packs_.read(location, false);
      if (location.slot() >= group.ids.size())
        return false;
      std::ranges::copy(group.block(location.slot()), into.begin());
      return true;
    } catch (const base::Error&) {  // collected meanwhile, damaged, unreadable: not to be had here
      return false;
    }
  }

 private:
  PackReader packs_;
};

BlockId id_of(std::uint64_t head) {
  BlockId id;
  const std::uint64_t swapped = __builtin_bswap64(head);
  std::memcpy(id.bytes.data(), &swapped, sizeof swapped);
  return id;
}

class StoreSource : public Source {
 public:
  StoreSource(const StoreFolder& folder, std::shared_ptr<const StoreSnapshot> snapshot)
      : folder_(folder), snapshot_(std::move(snapshot)) {}

  const std::string& name() const override {
    static const std::string name = "store";
    return name;
  }
  std::uint64_t ids() const override { return snapshot_->entries(); }
  std::string part_name(std::uint32_t part) const override { return fmt::format("pack {}", part); }

  void find(std::span<const BlockId> ids, const Found& found) const override {
    for (std::size_t i = 0; i < ids.size(); ++i)
      if (const auto location = snapshot_->find(ids[i]))
        found(i, place_of(*location));
  }

  void complete(std::span<const std::uint64_t> prefixes, unsigned bits, const Completed& completed) const override {
    base::invariant(bits >= 8 && bits <= 64, "prefixes have 8 to 64 bits");
    for (std::size_t i = 0; i < prefixes.size(); ++i)
      complete_one(i, prefixes[i] << (64 - bits), bits, completed);
  }

  std::unique_ptr<SourceReader> reader() const override { return std::make_unique<StoreReader>(folder_); }

 private:
  void complete_one(std::size_t index, std::uint64_t first, unsigned bits, const Completed& completed) const;

  const StoreFolder& folder_;
  const std::shared_ptr<const StoreSnapshot> snapshot_;
};

void StoreSource::complete_one(std::size_t index, std::uint64_t first, unsigned bits,
                               const Completed& completed) const {
  const auto begins_so = [&](const BlockId& id) { return (head_of(id) ^ first) >> (64 - bits) == 0; };
  std::vector<std::span<const IndexEntry>> lists;
  for (const auto& segment : snapshot_->segments()) {
    const auto entries = segment.index->entries();
    const std::size_t from = segment.index->lower_bound(id_of(first));
    std::size_t to = from;
    while (to < entries.size() && begins_so(entries[to].id))
      ++to;
    lists.push_back(entries.subspan(from, to - from));
  }
  MergedEntries all(std::move(lists));
  while (const IndexEntry* entry = all.next())
    if (snapshot_->alive(entry->location))
      completed(index, entry->id, place_of(entry->location));
}

}  // namespace

std::unique_ptr<Source> open_store_source(const StoreFolder& folder, std::shared_ptr<const StoreSnapshot> snapshot) {
  return std::make_unique<StoreSource>(folder, std::move(snapshot));
}

}  // namespace jaunt::chunkstore
