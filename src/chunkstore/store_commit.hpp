// One step from a state of the store to the next: all of a change counts, or nothing of it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "chunkstore/store_snapshot.hpp"

namespace jaunt::chunkstore {

struct StoreChange {
  std::vector<IndexEntry> entries{};  // of new blocks, in any order; they win over older ones
  std::vector<PackRecord> packs{};    // new or grown, and durable
  std::vector<std::uint32_t> removed_packs{};
  bool compact_index = false;  // into one segment without entries of packs that are gone
  // Lists of entries as those of segments, the newest first, that are there instead of the index; it is compacted.
  std::optional<std::vector<std::span<const IndexEntry>>> instead_of_index{};
  // The change holds only while nothing new has been referred to: the counter as the caller saw it.
  std::optional<std::uint64_t> references_seen{};
};

// As segments have them: ascending by id, of equal ids the one with the later place.
void sort_entries(std::vector<IndexEntry>& entries);

// Under the writer's lock. `before` is the state that the change was made from. False, and nothing has changed, when
// something new is referred to.
bool commit(const StoreFolder& folder, const StoreSnapshot& before, StoreChange change);

}  // namespace jaunt::chunkstore
