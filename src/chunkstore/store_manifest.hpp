// What the store's LMDB environment holds: which packs and index segments count, how long they are, and counters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chunkstore/database.hpp"

namespace jaunt::chunkstore {

// A pack that counts. What lies in its file behind `bytes` does not.
struct PackRecord {
  std::uint32_t number = 0;
  std::uint64_t bytes = 0;
  std::uint32_t groups = 0;
  std::uint64_t blocks = 0;
  std::int64_t filled_at = 0;    // seconds since 1970: how old its blocks are
  std::uint32_t checked_in = 0;  // the round of verifying that last read it
  std::string realm;

  bool operator==(const PackRecord&) const = default;
};

struct SegmentRecord {
  std::uint64_t number = 0;
  std::uint64_t entries = 0;
  std::string realm;

  bool operator==(const SegmentRecord&) const = default;
};

// Numbers that only grow; none is given twice.
enum class Counter : std::uint8_t {
  version = 0,  // of what find() answers: packs, segments, damage
  pack = 2,
  segment,
  reference,
  round,  // of verifying; an odd one is under way
};

namespace manifest {

std::uint64_t get(const ReadTxn& txn, Counter counter);
void set(WriteTxn& txn, Counter counter, std::uint64_t value);
// Adds one and returns what it was before.
std::uint64_t next(WriteTxn& txn, Counter counter);

// Ascending by number; of one realm, or of all.
std::vector<PackRecord> packs(const ReadTxn& txn, const std::optional<std::string>& realm = {});
std::optional<PackRecord> pack(const ReadTxn& txn, std::uint32_t number);
std::vector<SegmentRecord> segments(const ReadTxn& txn, const std::optional<std::string>& realm = {});
void put(WriteTxn& txn, const PackRecord& pack);
void put(WriteTxn& txn, const SegmentRecord& segment);
void remove_pack(WriteTxn& txn, std::uint32_t number);  // with its damage
void remove_segment(WriteTxn& txn, std::uint64_t number);

// Groups (as Location::group() counts them) that cannot be read; ascending.
std::vector<std::uint64_t> damaged(const ReadTxn& txn);
void add_damaged(WriteTxn& txn, std::uint64_t group);

}  // namespace manifest

}  // namespace jaunt::chunkstore
