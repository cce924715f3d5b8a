#include "chunkstore/store_manifest.hpp"

#include <array>

#include "base/error.hpp"
#include "chunkstore/record_bytes.hpp"

namespace jaunt::chunkstore::manifest {

namespace {

PackRecord decode_pack(base::ByteView key, base::ByteView value) {
  FieldReader reader(value, "the store's record of a pack");
  PackRecord pack;
  pack.number = static_cast<std::uint32_t>(number_of(key));
  pack.bytes = reader.integer<std::uint64_t>();
  pack.groups = reader.integer<std::uint32_t>();
  pack.blocks = reader.integer<std::uint64_t>();
  pack.filled_at = reader.integer<std::int64_t>();
  pack.checked_in = reader.integer<std::uint32_t>();
  pack.realm = reader.rest();
  return pack;
}

SegmentRecord decode_segment(base::ByteView key, base::ByteView value) {
  FieldReader reader(value, "the store's record of a part of its index");
  SegmentRecord segment;
  segment.number = number_of(key);
  segment.entries = reader.integer<std::uint64_t>();
  segment.realm = reader.rest();
  return segment;
}

template <typename Record, typename Decode>
std::vector<Record> all(const ReadTxn& txn, Table table, const std::optional<std::string>& realm,
                        const Decode& decode) {
  std::vector<Record> records;
  txn.each(table, [&](base::ByteView key, base::ByteView value) {
    Record record = decode(key, value);
    if (!realm || record.realm == *realm)
      records.push_back(std::move(record));
    return true;
  });
  return records;
}

}  // namespace

std::uint64_t get(const ReadTxn& txn, Counter counter) {
  const auto value = txn.get(Table::state, std::array{std::byte(counter)});
  return value && value->size() == sizeof(std::uint64_t) ? base::load_le<std::uint64_t>(*value) : 0;
}

void set(WriteTxn& txn, Counter counter, std::uint64_t value) {
  base::Bytes bytes;
  base::append_le(bytes, value);
  txn.put(Table::state, std::array{std::byte(counter)}, bytes);
}

std::uint64_t next(WriteTxn& txn, Counter counter) {
  const std::uint64_t value = get(txn, counter);
  set(txn, counter, value + 1);
  return value;
}

std::vector<PackRecord> packs(const ReadTxn& txn, const std::optional<std::string>& realm) {
  return all<PackRecord>(txn, Table::packs, realm, decode_pack);
}

std::optional<PackRecord> pack(const ReadTxn& txn, std::uint32_t number) {
  const NumberKey key = key_of(number);
  const auto value = txn.get(Table::packs, key);
  return value ? std::optional(decode_pack(key, *value)) : std::nullopt;
}

std::vector<SegmentRecord> segments(const ReadTxn& txn, const std::optional<std::string>& realm) {
  return all<SegmentRecord>(txn, Table::segments, realm, decode_segment);
}

void put(WriteTxn& txn, const PackRecord& pack) {
  base::Bytes value;
  base::append_le(value, pack.bytes);
  base::append_le(value, pack.groups);
  base::append_le(value, pack.blocks);
  base::append_le(value, pack.filled_at);
  base::append_le(value, pack.checked_in);
  append_text(value, pack.realm);
  txn.put(Table::packs, key_of(pack.number), value);
}

void put(WriteTxn& txn, const SegmentRecord& segment) {
  base::Bytes value;
  base::append_le(value, segment.entries);
  append_text(value, segment.realm);
  txn.put(Table::segments, key_of(segment.number), value);
}

void remove_pack(WriteTxn& txn, std::uint32_t number) {
  txn.remove(Table::packs, key_of(number));
  for (const std::uint64_t group : damaged(txn))
    if (group >> 24 == number)
      txn.remove(Table::damaged, key_of(group));
}

void remove_segment(WriteTxn& txn, std::uint64_t number) {
  txn.remove(Table::segments, key_of(number));
}

std::vector<std::uint64_t> damaged(const ReadTxn& txn) {
  std::vector<std::uint64_t> groups;
  txn.each(Table::damaged, [&](base::ByteView key, base::ByteView) {
    groups.push_back(number_of(key));
    return true;
  });
  return groups;
}

void add_damaged(WriteTxn& txn, std::uint64_t group) {
  txn.put(Table::damaged, key_of(group), base::ByteView(std::array{std::byte{1}}));
}

}  // namespace jaunt::chunkstore::manifest
