// Blocks of the store one by one: whether they can be had, and whether anything refers to them.
#pragma once

#include <concepts>
#include <cstdint>

#include "chunkstore/store_references.hpp"
#include "chunkstore/store_snapshot.hpp"

namespace jaunt::chunkstore {

constexpr std::uint32_t group_pack(std::uint64_t group) {
  return static_cast<std::uint32_t>(group >> 24);
}

// From now on the blocks of this group count as absent, so that they are kept again when they come by. Any process.
void note_damage(const StoreFolder& folder, Location location);

// visit(entry, is_referred_to) for every block that the index knows, ascending by id: those that can be had, and
// those that damage has taken.
template <std::invocable<const IndexEntry&, bool> Visit>
void each_known_block(const StoreSnapshot& snapshot, const ReadTxn& txn, const Visit& visit) {
  ReferredIds referred(txn, snapshot.realm());
  auto wanted = referred.next();
  MergedEntries all = snapshot.merged();
  while (const IndexEntry* entry = all.next()) {
    while (wanted && *wanted < entry->id)
      wanted = referred.next();
    visit(*entry, wanted == entry->id);
  }
}

// The same for those that can be had.
template <std::invocable<const IndexEntry&, bool> Visit>
void each_block(const StoreSnapshot& snapshot, const ReadTxn& txn, const Visit& visit) {
  each_known_block(snapshot, txn, [&](const IndexEntry& entry, bool is_referred_to) {
    if (snapshot.alive(entry.location))
      visit(entry, is_referred_to);
  });
}

// And for those that damage has taken.
template <std::invocable<const IndexEntry&, bool> Visit>
void each_lost_block(const StoreSnapshot& snapshot, const ReadTxn& txn, const Visit& visit) {
  each_known_block(snapshot, txn, [&](const IndexEntry& entry, bool is_referred_to) {
    if (snapshot.damaged().contains(entry.location.group()))
      visit(entry, is_referred_to);
  });
}

}  // namespace jaunt::chunkstore
