#include "chunkstore/store_references.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/named_point.hpp"
#include "chunkstore/record_bytes.hpp"
#include "chunkstore/store_manifest.hpp"

namespace jaunt::chunkstore {

namespace {

using base::Error;
using base::ErrorKind;
using model::BlockId;
using namespace std::chrono_literals;

constexpr std::size_t kNameBytesMax = 4096;
// Two values of so many ids fill a page of the database.
constexpr std::size_t kChunkIds = 124;
// In one transaction, so that few pages are changed at a time.
constexpr std::size_t kChunksAtOnce = 512;
constexpr auto kUnfinishedFor = 24h;

enum class State : std::uint8_t { unfinished = 0, whole = 1 };

struct Record {
  std::uint64_t number = 0;  // its ids' in the other table
  Reference reference;
  State state = State::unfinished;

  bool expired(Clock::time_point now) const {
    return state == State::unfinished ? reference.since + kUnfinishedFor < now
                                      : reference.expires && *reference.expires <= now;
  }
};

std::int64_t seconds(Clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

Clock::time_point time_of(std::int64_t value) {
  return Clock::time_point(std::chrono::seconds(value));
}

base::Hash32 key_of(const Reference& reference) {
  const char holder = static_cast<char>(reference.holder);
  return base::Sha256()
      .update(base::as_bytes(reference.realm))
      .update(base::as_bytes({"\0", 1}))
      .update(base::as_bytes({&holder, 1}))
      .update(base::as_bytes(reference.name))
      .finish();
}

// Under another key than the reference's own, which stays in force until its successor is whole.
base::Hash32 unfinished_key(std::uint64_t number) {
  return base::sha256(chunkstore::key_of(number));
}

std::array<std::byte, 16> chunk_key(std::uint64_t number, std::uint64_t chunk) {
  std::array<std::byte, 16> key;
  std::ranges::copy(chunkstore::key_of(number), key.begin());
  std::ranges::copy(chunkstore::key_of(chunk), key.begin() + 8);
  return key;
}

base::Bytes encode(const Record& record) {
  const Reference& reference = record.reference;
  base::Bytes out;
  base::append_le(out, std::uint32_t{1});
  base::append_le(out, static_cast<std::uint8_t>(reference.holder));
  base::append_le(out, static_cast<std::uint8_t>(record.state));
  base::append_le(out, record.number);
  base::append_le(out, reference.ids);
  base::append_le(out, seconds(reference.since));
  base::append_le(out, reference.expires ? seconds(*reference.expires) : 0);
  base::append_le(out, static_cast<std::uint32_t>(reference.realm.size()));
  append_text(out, reference.realm);
  append_text(out, reference.name);
  return out;
}

Record decode(base::ByteView bytes) {
  FieldReader reader(bytes, "a reference of the store");
  if (const auto version = reader.integer<std::uint32_t>(); version != 1)
    throw Error(ErrorKind::unsupported, "read", "a reference of the store",
                "it has version " + std::to_string(version));
  Record record;
  record.reference.holder = Holder(reader.integer<std::uint8_t>());
  record.state = State(reader.integer<std::uint8_t>());
  record.number = reader.integer<std::uint64_t>();
  record.reference.ids = reader.integer<std::uint64_t>();
  record.reference.since = time_of(reader.integer<std::int64_t>());
  if (const auto expires = reader.integer<std::int64_t>(); expires != 0)
    record.reference.expires = time_of(expires);
  record.reference.realm = reader.text(reader.integer<std::uint32_t>());
  record.reference.name = reader.rest();
  return record;
}

std::vector<std::pair<base::Bytes, Record>> records(const ReadTxn& txn) {
  std::vector<std::pair<base::Bytes, Record>> all;
  txn.each(Table::references, [&](base::ByteView key, base::ByteView value) {
    all.emplace_back(base::Bytes(key.begin(), key.end()), decode(value));
    return true;
  });
  return all;
}

std::optional<Record> find(const ReadTxn& txn, base::ByteView key) {
  const auto value = txn.get(Table::references, key);
  return value ? std::optional(decode(*value)) : std::nullopt;
}

void remove_ids(WriteTxn& txn, std::uint64_t number) {
  for (std::uint64_t chunk = 0; txn.remove(Table::reference_ids, chunk_key(number, chunk)); ++chunk) {
  }
}

}  // namespace

std::string_view to_string(Holder holder) {
  constexpr std::array<std::string_view, 4> words{"image", "snapshot", "job", "lease"};
  return words.at(static_cast<std::size_t>(holder));
}

std::optional<Holder> holder_named(std::string_view word) {
  for (const Holder holder : {Holder::image, Holder::snapshot, Holder::job, Holder::lease})
    if (to_string(holder) == word)
      return holder;
  return std::nullopt;
}

void References::refer(const Reference& reference, std::span<const BlockId> ids) const {
  if (reference.name.size() > kNameBytesMax)
    throw Error(ErrorKind::limit, "refer to blocks for", reference.name.substr(0, 64) + "...",
                "its name is longer than 4096 bytes");
  Record record{.reference = reference};
  record.reference.ids = ids.size();
  record.reference.since = Clock::now();
  folder_.manifest().write([&](WriteTxn& txn) {
    record.number = manifest::next(txn, Counter::reference);
    txn.put(Table::references, unfinished_key(record.number), encode(record));
  });
  base::named_point("store.refer-begun");
  std::uint64_t chunk = 0;
  while (!ids.empty()) {
    const auto some = ids.first(std::min(ids.size(), kChunkIds * kChunksAtOnce));
    folder_.manifest().write([&](WriteTxn& txn) {
      std::uint64_t number = chunk;
      for (auto rest = some; !rest.empty(); rest = rest.subspan(std::min(rest.size(), kChunkIds)))
        txn.put(Table::reference_ids, chunk_key(record.number, number++),
                std::as_bytes(rest.first(std::min(rest.size(), kChunkIds))));
    });
    chunk += (some.size() + kChunkIds - 1) / kChunkIds;
    ids = ids.subspan(some.size());
    base::named_point("store.refer-chunk");
  }
  folder_.manifest().write([&](WriteTxn& txn) {
    if (!txn.remove(Table::references, unfinished_key(record.number)))
      throw Error(ErrorKind::busy, "refer to blocks for", reference.name, "it took longer than a day");
    Record whole = record;
    whole.state = State::whole;
    const base::Hash32 key = key_of(reference);
    if (const auto earlier = find(txn, key))
      remove_ids(txn, earlier->number);
    txn.put(Table::references, key, encode(whole));
  });
  base::named_point("store.referred");
}

bool References::renew(const Reference& reference, Clock::time_point expires) const {
  const base::Hash32 key = key_of(reference);
  bool known = false;
  folder_.manifest().write([&](WriteTxn& txn) {
    auto record = find(txn, key);
    known = record && !record->expired(Clock::now());
    if (!known)
      return;
    record->reference.expires = expires;
    txn.put(Table::references, key, encode(*record));
  });
  return known;
}

bool References::release(const Reference& reference) const {
  const base::Hash32 key = key_of(reference);
  bool known = false;
  folder_.manifest().write([&](WriteTxn& txn) {
    const auto record = find(txn, key);
    known = record.has_value();
    if (!known)
      return;
    remove_ids(txn, record->number);
    txn.remove(Table::references, key);
  });
  base::named_point("store.released");
  return known;
}

std::vector<Reference> References::list(std::optional<std::string> realm) const {
  std::vector<Reference> result;
  folder_.manifest().read([&](const ReadTxn& txn) {
    result.clear();
    for (auto& [key, record] : records(txn))
      if (record.state == State::whole && !record.expired(Clock::now()) &&
          (!realm || record.reference.realm == *realm))
        result.push_back(std::move(record.reference));
  });
  return result;
}

void References::remove_expired() const {
  folder_.manifest().write([&](WriteTxn& txn) {
    for (const auto& [key, record] : records(txn))
      if (record.expired(Clock::now())) {
        remove_ids(txn, record.number);
        txn.remove(Table::references, key);
      }
  });
}

bool remove_references(WriteTxn& txn, const std::string& realm) {
  bool any = false;
  for (const auto& [key, record] : records(txn))
    if (record.reference.realm == realm) {
      remove_ids(txn, record.number);
      txn.remove(Table::references, key);
      any = true;
    }
  return any;
}

namespace {

constexpr auto later = [](const auto& a, const auto& b) { return a.ids.front() > b.ids.front(); };

}  // namespace

ReferenceNumbers live_references(const ReadTxn& txn, const std::string& realm) {
  const auto now = Clock::now();
  ReferenceNumbers numbers;
  for (const auto& [key, record] : records(txn))
    if (record.state == State::whole && !record.expired(now) && record.reference.realm == realm)
      numbers.insert(record.number);
  return numbers;
}

ReferredIds::ReferredIds(const ReadTxn& txn, const std::string& realm, const ReferenceNumbers& except) : txn_(txn) {
  for (const std::uint64_t number : live_references(txn, realm))
    if (List list{.number = number}; !except.contains(number) && load(list))
      lists_.push_back(list);
  std::ranges::make_heap(lists_, later);
}

bool ReferredIds::load(List& list) const {
  const auto bytes = txn_.get(Table::reference_ids, chunk_key(list.number, list.chunk++));
  if (!bytes)
    return false;
  list.ids = {reinterpret_cast<const BlockId*>(bytes->data()), bytes->size() / sizeof(BlockId)};
  return !list.ids.empty();
}

std::optional<BlockId> ReferredIds::next() {
  if (lists_.empty())
    return std::nullopt;
  const BlockId id = lists_.front().ids.front();
  while (!lists_.empty() && lists_.front().ids.front() == id) {
    std::ranges::pop_heap(lists_, later);
    List& list = lists_.back();
    list.ids = list.ids.subspan(1);
    if (list.ids.empty() && !load(list))
      lists_.pop_back();
    else
      std::ranges::push_heap(lists_, later);
  }
  return id;
}

}  // namespace jaunt::chunkstore
