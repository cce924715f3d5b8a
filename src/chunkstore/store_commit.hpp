// One step from a state of the store to the next: all of a change counts, or nothing of it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_set>
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
  // Asked in the transaction itself for those of removed_packs that something needs by now: they stay.
  std::function<std::unordered_set<std::uint32_t>(const ReadTxn&)> needed_packs{};
};

// As segments have them: ascending by id, of equal ids the one with the later place.
void sort_entries(std::vector<IndexEntry>& entries);

// Under the writer's lock. `before` is the state that the change was made from. Returns the packs that are gone.
std::vector<std::uint32_t> commit(const StoreFolder& folder, const StoreSnapshot& before, StoreChange change);

}  // namespace jaunt::chunkstore
