#include "chunkstore/store.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/error.hpp"
#include "chunkstore/pack_format.hpp"
#include "chunkstore/pack_reader.hpp"
#include "chunkstore/store_blocks.hpp"
#include "chunkstore/store_snapshot.hpp"
#include "chunkstore/store_source.hpp"
#include "chunkstore/store_writer.hpp"

namespace jaunt::chunkstore {

namespace {

using base::Error;
using base::ErrorKind;
using model::BlockId;

// A reader meets packs that garbage collection has just removed; it looks again where the blocks have gone.
constexpr unsigned kAttempts = 5;

struct Wanted {
  Location location;
  std::size_t index = 0;
};

std::vector<Wanted> locate(const StoreSnapshot& snapshot, std::span<const BlockId> ids,
                           std::span<const std::size_t> indices) {
  std::vector<Wanted> found;
  for (const std::size_t index : indices)
    if (const auto location = snapshot.find(ids[index]))
      found.push_back({*location, index});
  std::ranges::sort(found, {}, &Wanted::location);
  return found;
}

}  // namespace

void check_realm_name(const std::string& name) {
  const bool known_letters = std::ranges::all_of(name, [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
           letter == '.' || letter == '_' || letter == '-';
  });
  if (name.empty() || name.size() > pack_format::kRealmNameBytesMax || !known_letters)
    throw Error(ErrorKind::usage, "use the realm", name,
                "a realm's name is 1 to 48 letters, digits, '.', '_' and '-'");
}

Store::Store(const std::filesystem::path& home) : folder_(home) {}

Store::~Store() = default;

std::shared_ptr<const StoreSnapshot> Store::snapshot(const std::string& realm) const {
  std::shared_ptr<const StoreSnapshot> earlier;
  {
    const std::lock_guard lock(mutex_);
    earlier = snapshots_[realm];
  }
  auto now = StoreSnapshot::load(folder_, realm, earlier);
  if (now != earlier) {
    const std::lock_guard lock(mutex_);
    snapshots_[realm] = now;
  }
  return now;
}

std::vector<bool> Store::has(const StoreRealm& realm, std::span<const BlockId> ids) const {
  const auto now = snapshot(realm.name);
  std::vector<bool> here(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i)
    here[i] = now->find(ids[i]).has_value();
  return here;
}

bool Store::get(const StoreRealm& realm, const BlockId& id, std::span<std::byte, model::kBlockBytes> into) const {
  return get(realm, std::span(&id, 1),
             [&](std::size_t, base::ByteView block) { std::ranges::copy(block, into.begin()); }) == 1;
}

std::size_t Store::get(const StoreRealm& realm, std::span<const BlockId> ids, const Got& got) const {
  PackReader reader(folder_);
  model::BlockHasher hasher(realm.key);
  std::vector<std::size_t> indices(ids.size());
  for (std::size_t i = 0; i < indices.size(); ++i)
    indices[i] = i;
  std::size_t done = 0;
  std::uint64_t looked_at = ~std::uint64_t{0};
  for (unsigned attempt = 0; attempt < kAttempts && !indices.empty(); ++attempt) {
    const auto now = snapshot(realm.name);
    std::vector<std::size_t> missed;
    for (const Wanted& wanted : locate(*now, ids, indices)) {
      const BlockId& id = ids[wanted.index];
      try {
        const PackReader::Group group = reader.read(wanted.location, false);
        const unsigned slot = wanted.location.slot();
        if (slot >= group.ids.size() || group.ids[slot] != id || hasher.id_of(group.block(slot)) != id)
          throw Error(ErrorKind::corrupt, "read the block", model::to_hex(id), "its bytes have another id");
        got(wanted.index, group.block(slot));
        ++done;
      } catch (const Error& error) {
        // A pack that is gone was collected, so that a look at the new state tells where its blocks are; unless that
        // is the same state.
        const bool lost = error.kind() == ErrorKind::not_found && now->version() == looked_at;
        if (error.kind() == ErrorKind::corrupt || lost)
          note_damage(folder_, wanted.location);
        else if (error.kind() != ErrorKind::not_found)
          throw;
        missed.push_back(wanted.index);
      }
    }
    indices = std::move(missed);
    looked_at = now->version();
  }
  return done;
}

StoreWriter Store::write(const StoreRealm& realm, const StoreWriterOptions& options) const {
  return StoreWriter(folder_, realm, options);
}

std::unique_ptr<Source> Store::source(const StoreRealm& realm) const {
  return open_store_source(folder_, snapshot(realm.name));
}

std::vector<std::string> Store::realms() const {
  std::set<std::string> names;
  folder_.manifest().read([&](const ReadTxn& txn) {
    for (const PackRecord& pack : manifest::packs(txn))
      names.insert(pack.realm);
  });
  return {names.begin(), names.end()};
}

StoreFigures Store::figures(const std::optional<std::string>& realm) const {
  StoreFigures figures;
  for (const std::string& name : realm ? std::vector{*realm} : realms()) {
    const auto now = snapshot(name);
    for (const auto& [number, pack] : now->packs()) {
      figures.pack_bytes += base::ByteCount(pack.bytes);
      figures.stored_blocks += pack.blocks;
    }
    figures.packs += now->packs().size();
    for (const auto& segment : now->segments())
      figures.index_bytes +=
          base::ByteCount(segment_format::kHeaderBytes + segment.index->entries().size_bytes());
    figures.damaged_groups += static_cast<std::uint64_t>(std::ranges::count_if(
        now->damaged(), [&](std::uint64_t group) { return now->packs().contains(group_pack(group)); }));
    folder_.manifest().read([&](const ReadTxn& txn) {
      std::uint64_t blocks = 0;
      std::uint64_t referred = 0;
      each_block(*now, txn, [&](const IndexEntry&, bool is_referred_to) {
        ++blocks;
        referred += is_referred_to ? 1 : 0;
      });
      figures.blocks += blocks;
      figures.referred_blocks += referred;
    });
  }
  figures.references = references().list(realm).size();
  figures.manifest_bytes = base::ByteCount(std::filesystem::file_size(folder_.path() / "manifest/data.mdb"));
  return figures;
}

}  // namespace jaunt::chunkstore
