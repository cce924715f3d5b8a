// The notes of the catalog.
#include <limits>

#include "base/error.hpp"
#include "chunkstore/catalog.hpp"

namespace jaunt::chunkstore {

using base::Error;
using base::ErrorKind;

void Catalog::put_note(std::string_view key, std::string_view note) {
  if (note.size() > kNoteBytesMax)
    throw Error(ErrorKind::limit, "keep a note under", std::string(key), "it is longer than 16 MiB");
  const base::Hash32 hash = base::sha256(base::as_bytes(key));
  database_->write([&](WriteTxn& txn) {
    std::uint64_t newest = 0;
    std::uint64_t oldest = std::numeric_limits<std::uint64_t>::max();
    base::Bytes oldest_key;
    txn.each(Table::notes, [&](base::ByteView other, base::ByteView value) {
      const auto number = base::load_le<std::uint64_t>(value);
      newest = std::max(newest, number);
      if (number < oldest) {
        oldest = number;
        oldest_key.assign(other.begin(), other.end());
      }
      return true;
    });
    if (txn.count(Table::notes) >= kNotesMax && !txn.get(Table::notes, hash))
      txn.remove(Table::notes, oldest_key);
    base::Bytes value;
    base::append_le(value, newest + 1);
    const base::ByteView text = base::as_bytes(note);
    value.insert(value.end(), text.begin(), text.end());
    txn.put(Table::notes, hash, value);
  });
}

std::optional<std::string> Catalog::note(std::string_view key) const {
  std::optional<std::string> result;
  database_->read([&](const ReadTxn& txn) {
    const auto value = txn.get(Table::notes, base::sha256(base::as_bytes(key)));
    if (!value)
      return;
    const base::ByteView text = value->subspan(sizeof(std::uint64_t));
    result.emplace(reinterpret_cast<const char*>(text.data()), text.size());
  });
  return result;
}

}  // namespace jaunt::chunkstore
