#include "chunkstore/store_verify.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_set>

#include "base/named_point.hpp"
#include "chunkstore/index_rebuild.hpp"
#include "chunkstore/pack_walk.hpp"
#include "chunkstore/store_blocks.hpp"
#include "chunkstore/store_writer.hpp"

namespace jaunt::chunkstore {

namespace {

using base::Error;
using base::ErrorKind;
using model::BlockId;

constexpr std::size_t kRepairedAtOnce = std::size_t{1} << 18;  // 4 MiB of ids

// The packs that this round has not read yet; begins a round where none is under way.
std::vector<PackRecord> packs_to_read(const StoreFolder& folder, std::uint32_t& round) {
  std::vector<PackRecord> packs;
  folder.manifest().write([&](WriteTxn& txn) {
    if (manifest::get(txn, Counter::round) % 2 == 0)
      manifest::next(txn, Counter::round);
    round = static_cast<std::uint32_t>(manifest::get(txn, Counter::round));
    packs = manifest::packs(txn);
  });
  std::erase_if(packs, [&](const PackRecord& pack) { return pack.checked_in == round; });
  return packs;
}

// Where the groups are that are in order. Blocks were checked against their ids when they came, and the checksum
// covers both; so nothing here needs a realm's key.
std::unordered_set<std::uint64_t> sound_groups(const StoreFolder& folder, const PackRecord& pack,
                                               const base::CancelToken& cancel) {
  std::unordered_set<std::uint64_t> sound;
  try {
    walk_pack(
        folder.pack(pack.number), base::ByteCount(pack.bytes),
        [&](base::ByteOffset at, const pack_format::GroupView& group, base::ByteView) {
          sound.insert(Location::of(pack.number, at.value, group.bytes, 0).group());
        },
        cancel);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found)
      throw;
  }
  return sound;
}

class Verifier {
 public:
  Verifier(const Store& store, const VerifyOptions& options, base::Progress& progress,
           const base::CancelToken& cancel)
      : store_(store), options_(options), progress_(progress), cancel_(cancel) {}

  VerifyReport run();

 private:
  void check_index(const std::string& realm);
  void check_pack(const PackRecord& pack, std::uint32_t round);
  void note_others(const PackRecord& pack, const std::unordered_set<std::uint64_t>& sound);
  void name_lost(const std::string& realm);
  void repair(const std::string& realm);
  std::vector<BlockId> lost_after(const std::string& realm, const std::optional<BlockId>& last) const;
  void mark_repaired(const std::string& realm, const BlockId& id);

  const Store& store_;
  const VerifyOptions& options_;
  base::Progress& progress_;
  const base::CancelToken& cancel_;
  VerifyReport report_;
};

void Verifier::check_index(const std::string& realm) {
  const auto damaged = [&] {
    try {
      const auto snapshot = StoreSnapshot::load(store_.folder(), realm);
      for (const auto& segment : snapshot->segments()) {
        cancel_.check();
        segment.index->verify();
      }
      return false;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt && error.kind() != ErrorKind::not_found)
        throw;
      return true;
    }
  };
  if (!damaged())
    return;
  progress_.note("the index of the realm " + realm + " is damaged; it is made again from the packs");
  const base::FileLock lock = store_.folder().lock_writer(options_.patience);
  rebuild_index(store_.folder(), realm, cancel_);
  ++report_.index_rebuilt;
}

void Verifier::check_pack(const PackRecord& pack, std::uint32_t round) {
  const StoreFolder& folder = store_.folder();
  const auto sound = sound_groups(folder, pack, cancel_);
  if (sound.size() != pack.groups)
    note_others(pack, sound);
  folder.manifest().write([&](WriteTxn& txn) {
    auto now = manifest::pack(txn, pack.number);
    if (!now)
      return;  // collected meanwhile
    now->checked_in = round;
    manifest::put(txn, *now);
  });
  base::named_point("store.pack-verified");
  ++report_.packs_read;
  report_.bytes_read += base::ByteCount(pack.bytes);
  progress_.advance(base::ByteCount(pack.bytes));
}

void Verifier::note_others(const PackRecord& pack, const std::unordered_set<std::uint64_t>& sound) {
  const StoreFolder& folder = store_.folder();
  const auto snapshot = StoreSnapshot::load(folder, pack.realm);
  std::unordered_set<std::uint64_t> damaged;
  folder.manifest().read([&](const ReadTxn& txn) {
    each_block(*snapshot, txn, [&](const IndexEntry& entry, bool) {
      const Location at = entry.location;
      if (at.pack() == pack.number && at.offset() < pack.bytes && !sound.contains(at.group()))
        damaged.insert(at.group());
    });
  });
  for (const std::uint64_t group : damaged)
    note_damage(folder, Location{group << 16});
  report_.damaged_groups += damaged.size();
}

void Verifier::name_lost(const std::string& realm) {
  const auto snapshot = StoreSnapshot::load(store_.folder(), realm);
  if (snapshot->damaged().empty())
    return;
  const std::uint64_t before = report_.blocks_lost;
  const std::size_t named = report_.lost.size();
  store_.folder().manifest().read([&](const ReadTxn& txn) {
    report_.blocks_lost = before;
    report_.lost.resize(named);
    each_lost_block(*snapshot, txn, [&](const IndexEntry& entry, bool is_referred_to) {
      ++report_.blocks_lost;
      if (report_.lost.size() < VerifyReport::kLostMax)
        report_.lost.push_back({.realm = realm, .id = entry.id, .referred_to = is_referred_to});
    });
  });
}

std::vector<BlockId> Verifier::lost_after(const std::string& realm, const std::optional<BlockId>& last) const {
  const auto snapshot = StoreSnapshot::load(store_.folder(), realm);
  std::vector<BlockId> ids;
  store_.folder().manifest().read([&](const ReadTxn& txn) {
    ids.clear();
    each_lost_block(*snapshot, txn, [&](const IndexEntry& entry, bool) {
      if (ids.size() < kRepairedAtOnce && (!last || *last < entry.id))
        ids.push_back(entry.id);
    });
  });
  return ids;
}

void Verifier::mark_repaired(const std::string& realm, const BlockId& id) {
  ++report_.blocks_repaired;
  const auto block = std::ranges::lower_bound(report_.lost, std::tie(realm, id), {},
                                              [](const LostBlock& lost) { return std::tie(lost.realm, lost.id); });
  if (block != report_.lost.end() && block->realm == realm && block->id == id)
    block->repaired = true;
}

void Verifier::repair(const std::string& realm) {
  const RepairSource source = options_.repair_from ? options_.repair_from(realm) : RepairSource{};
  std::vector<BlockId> ids = source.blocks == nullptr ? std::vector<BlockId>{} : lost_after(realm, std::nullopt);
  for (; !ids.empty(); ids = lost_after(realm, ids.back())) {
    auto writer = store_.write({.name = realm, .key = source.key}, {.patience = options_.patience});
    const auto reader = source.blocks->reader();
    model::BlockHasher hasher(source.key);
    std::vector<BlockId> repaired;
    source.blocks->find(ids, [&](std::size_t index, const Place& place) {
      cancel_.check();
      std::array<std::byte, model::kBlockBytes> block;
      if (!reader->read(place, block) || hasher.id_of(block) != ids[index])
        return;
      writer.put(std::span(&ids[index], 1), block);
      repaired.push_back(ids[index]);
    });
    writer.commit();
    for (const BlockId& id : repaired)
      mark_repaired(realm, id);
  }
}

VerifyReport Verifier::run() {
  for (const std::string& realm : store_.realms())
    check_index(realm);
  std::uint32_t round = 0;
  const auto packs = packs_to_read(store_.folder(), round);
  const std::uint64_t all = store_.pack_bytes().value;
  const auto budget = static_cast<std::uint64_t>(options_.share * static_cast<double>(all));
  progress_.stage("verifying the store", base::ByteCount(std::min(budget, all)));
  report_.packs_left = packs.size();
  for (const PackRecord& pack : packs) {
    if (report_.bytes_read.value >= budget)
      break;
    check_pack(pack, round);
    --report_.packs_left;
  }
  if (report_.packs_left == 0)
    store_.folder().manifest().write([&](WriteTxn& txn) {
      if (manifest::get(txn, Counter::round) == round)
        manifest::next(txn, Counter::round);
    });
  for (const std::string& realm : store_.realms()) {
    const std::uint64_t before = report_.blocks_lost;
    name_lost(realm);
    if (report_.blocks_lost > before)
      repair(realm);
  }
  return std::move(report_);
}

}  // namespace

VerifyReport verify_store(const Store& store, const VerifyOptions& options, base::Progress& progress,
                          const base::CancelToken& cancel) {
  return Verifier(store, options, progress, cancel).run();
}

}  // namespace jaunt::chunkstore
