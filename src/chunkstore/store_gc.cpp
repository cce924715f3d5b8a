#include "chunkstore/store_gc.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include <fcntl.h>

#include "base/named_point.hpp"
#include "chunkstore/pack_filler.hpp"
#include "chunkstore/pack_reader.hpp"
#include "chunkstore/store_blocks.hpp"
#include "chunkstore/store_commit.hpp"

namespace jaunt::chunkstore {

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t kMovedAtOnce = std::size_t{1} << 18;
constexpr unsigned kAttempts = 20;

struct PackUse {
  PackRecord pack;
  std::uint64_t referred = 0;

  std::uint64_t garbage() const { return pack.blocks - std::min(pack.blocks, referred); }
  double garbage_share() const {
    return pack.blocks == 0 ? 1 : static_cast<double>(garbage()) / static_cast<double>(pack.blocks);
  }
};

// One realm at one moment.
struct Look {
  std::shared_ptr<const StoreSnapshot> snapshot;
  ReferenceNumbers references;
  std::map<std::uint32_t, PackUse> packs;
};

Look look_at(const StoreFolder& folder, const std::string& realm) {
  Look look;
  look.snapshot = StoreSnapshot::load(folder, realm);
  for (const auto& [number, pack] : look.snapshot->packs())
    look.packs[number].pack = pack;
  folder.manifest().read([&](const ReadTxn& txn) {
    look.references = live_references(txn, realm);
    for (auto& [number, use] : look.packs)
      use.referred = 0;
    each_block(*look.snapshot, txn, [&](const IndexEntry& entry, bool is_referred_to) {
      if (is_referred_to)
        ++look.packs[entry.location.pack()].referred;
    });
  });
  return look;
}

// A realm's packs are rewritten a few at a time, into packs of their own.
class Collector {
 public:
  Collector(const StoreFolder& folder, std::string realm, const GcOptions& options, GcReport& report)
      : folder_(folder), realm_(std::move(realm)), options_(options), report_(report) {}

  // Frees at least so much, if it can; the packs filled first come first. Returns what it freed.
  std::uint64_t free(std::uint64_t bytes, base::Progress& progress, const base::CancelToken& cancel);

 private:
  using Victims = std::unordered_set<std::uint32_t>;

  Victims choose(const Look& look, std::uint64_t bytes) const;
  std::vector<IndexEntry> survivors(const Look& look, const Victims& victims) const;
  PackAppender::Appended move(const Look& look, const Victims& victims, const std::vector<IndexEntry>& entries);
  Victims needed_now(const ReadTxn& txn, const Look& look, const Victims& victims,
                     const std::vector<IndexEntry>& moved) const;
  bool step(const Look& look, const Victims& victims);
  std::uint64_t pack_bytes() const;

  const StoreFolder& folder_;
  const std::string realm_;
  const GcOptions& options_;
  GcReport& report_;
  std::unique_ptr<PackFiller> filler_;
  Victims filled_{};  // by filler_, which may write to them again
};

std::vector<IndexEntry> Collector::survivors(const Look& look, const Victims& victims) const {
  std::vector<IndexEntry> kept;
  folder_.manifest().read([&](const ReadTxn& txn) {
    kept.clear();
    each_block(*look.snapshot, txn, [&](const IndexEntry& entry, bool is_referred_to) {
      if (is_referred_to && victims.contains(entry.location.pack()))
        kept.push_back(entry);
    });
  });
  std::ranges::sort(kept, {}, &IndexEntry::location);
  return kept;
}

Collector::Victims Collector::choose(const Look& look, std::uint64_t bytes) const {
  std::vector<const PackUse*> oldest_first;
  for (const auto& [number, use] : look.packs)
    if (!filled_.contains(number) &&
        (use.referred == 0 || (use.garbage() > 0 && use.garbage_share() >= options_.garbage_min)))
      oldest_first.push_back(&use);
  std::ranges::stable_sort(oldest_first, {}, [](const PackUse* use) { return use->pack.filled_at; });
  Victims victims;
  double freed = 0;
  std::uint64_t moved = 0;
  for (const PackUse* use : oldest_first) {
    if (freed >= static_cast<double>(bytes) || (moved > 0 && moved + use->referred > kMovedAtOnce))
      break;
    victims.insert(use->pack.number);
    freed += use->garbage_share() * static_cast<double>(use->pack.bytes);
    moved += use->referred;
  }
  return victims;
}

base::Hash32 fingerprint_of(const StoreFolder& folder, std::uint32_t pack) {
  base::Bytes header(pack_format::kHeaderBytes);
  const auto file = base::File::open(folder.pack(pack), O_RDONLY);
  file.read_exact(base::ByteOffset(0), header);
  return pack_format::decode_header(header).realm_fingerprint;
}

PackAppender::Appended Collector::move(const Look& look, const Victims& victims,
                                       const std::vector<IndexEntry>& entries) {
  if (entries.empty())
    return {};
  if (!filler_)
    filler_ = std::make_unique<PackFiller>(folder_, *look.snapshot,
                                           fingerprint_of(folder_, entries.front().location.pack()), false,
                                           GroupPipeline::Options{.threads = options_.threads, .check_ids = false});
  std::int64_t oldest = look.packs.at(*victims.begin()).pack.filled_at;
  for (const std::uint32_t victim : victims)
    oldest = std::min(oldest, look.packs.at(victim).pack.filled_at);
  PackReader reader(folder_);
  for (const IndexEntry& entry : entries) {
    try {
      filler_->add(entry.id, reader.read(entry.location, true).block(entry.location.slot()), oldest);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::corrupt)
        note_damage(folder_, entry.location);  // so that the next attempt does without it
      throw;
    }
  }
  return filler_->finish();
}

// Those of the victims with a block that was referred to since the look and has not moved.
Collector::Victims Collector::needed_now(const ReadTxn& txn, const Look& look, const Victims& victims,
                                         const std::vector<IndexEntry>& moved) const {
  Victims needed;
  std::unordered_set<model::BlockId> safe;
  for (const IndexEntry& entry : moved)
    safe.insert(entry.id);
  ReferredIds fresh(txn, realm_, look.references);
  while (const auto id = fresh.next()) {
    const auto at = look.snapshot->find(*id);
    if (at && victims.contains(at->pack()) && !safe.contains(*id))
      needed.insert(at->pack());
  }
  return needed;
}

// False when no pack could be removed and the caller should look again.
bool Collector::step(const Look& look, const Victims& victims) {
  base::named_point("store.gc-move");
  const auto kept = survivors(look, victims);
  PackAppender::Appended appended;
  try {
    appended = move(look, victims, kept);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt)
      throw;
    filler_.reset();
    return false;
  }
  base::named_point("store.gc-moved");
  for (const PackRecord& pack : appended.packs)
    filled_.insert(pack.number);
  const auto removed =
      commit(folder_, *look.snapshot,
             {.entries = std::move(appended.entries),
              .packs = std::move(appended.packs),
              .removed_packs = {victims.begin(), victims.end()},
              .needed_packs = [&](const ReadTxn& txn) { return needed_now(txn, look, victims, kept); }});
  report_.blocks_moved += kept.size();
  for (const std::uint32_t pack : removed) {
    const PackUse& use = look.packs.at(pack);
    ++report_.packs_removed;
    report_.packs_rewritten += use.referred > 0 ? 1 : 0;
    report_.blocks_dropped += use.garbage();
  }
  return !removed.empty();
}

std::uint64_t Collector::pack_bytes() const {
  std::uint64_t bytes = 0;
  folder_.manifest().read([&](const ReadTxn& txn) {
    bytes = 0;
    for (const PackRecord& pack : manifest::packs(txn, realm_))
      bytes += pack.bytes;
  });
  return bytes;
}

std::uint64_t Collector::free(std::uint64_t bytes, base::Progress& progress, const base::CancelToken& cancel) {
  std::uint64_t freed = 0;
  unsigned failed = 0;
  // Where all that could go is referred to again and again, less is freed.
  while (freed < bytes && failed < kAttempts) {
    cancel.check();
    const Look look = look_at(folder_, realm_);
    const Victims victims = choose(look, bytes - freed);
    if (victims.empty())
      break;
    const std::uint64_t before = pack_bytes();
    failed += step(look, victims) ? 0 : 1;
    const std::uint64_t less = before - std::min(before, pack_bytes());
    freed += less;
    progress.advance(base::ByteCount(less));
  }
  if (freed > 0)
    commit(folder_, *StoreSnapshot::load(folder_, realm_), {.compact_index = true});
  return freed;
}

// The realm whose garbage was put there first; so the oldest of all goes first.
std::vector<std::string> by_age(const StoreFolder& folder) {
  std::map<std::string, std::int64_t> oldest;
  folder.manifest().read([&](const ReadTxn& txn) {
    for (const PackRecord& pack : manifest::packs(txn)) {
      const auto [known, added] = oldest.try_emplace(pack.realm, pack.filled_at);
      known->second = std::min(known->second, pack.filled_at);
    }
  });
  std::vector<std::string> realms;
  realms.reserve(oldest.size());
  for (const auto& [realm, age] : oldest)
    realms.push_back(realm);
  std::ranges::stable_sort(realms, {}, [&](const std::string& realm) { return oldest.at(realm); });
  return realms;
}

GcReport collect(const StoreFolder& folder, const std::vector<std::string>& realms, const GcOptions& options,
                 base::Progress& progress, const base::CancelToken& cancel) {
  GcReport report;
  report.bytes_before = report.bytes_after = folder.pack_bytes();
  const std::uint64_t excess =
      report.bytes_before.value - std::min(report.bytes_before.value, options.keep_max.value);
  progress.stage("collecting garbage", base::ByteCount(excess));
  for (const std::string& realm : realms) {
    if (report.bytes_after <= options.keep_max)
      break;
    Collector(folder, realm, options, report).free((report.bytes_after - options.keep_max).value, progress, cancel);
    report.bytes_after = folder.pack_bytes();
  }
  return report;
}

}  // namespace

GcReport collect_garbage(const Store& store, const GcOptions& options, base::Progress& progress,
                         const base::CancelToken& cancel) {
  const base::FileLock lock = store.folder().lock_writer(options.patience);
  store.folder().remove_orphans();
  return make_room(store.folder(), options, progress, cancel);
}

GcReport make_room(const StoreFolder& folder, const GcOptions& options, base::Progress& progress,
                   const base::CancelToken& cancel) {
  References(folder).remove_expired();
  return collect(folder, by_age(folder), options, progress, cancel);
}

GcReport forget_realm(const Store& store, const std::string& realm, const GcOptions& options) {
  const StoreFolder& folder = store.folder();
  const base::FileLock lock = folder.lock_writer(options.patience);
  GcReport report;
  report.bytes_before = store.pack_bytes();
  bool known = false;
  folder.manifest().write([&](WriteTxn& txn) {
    known = remove_references(txn, realm);
    report.packs_removed = report.blocks_dropped = 0;
    for (const PackRecord& pack : manifest::packs(txn, realm)) {
      manifest::remove_pack(txn, pack.number);
      ++report.packs_removed;
      report.blocks_dropped += pack.blocks;
    }
    for (const SegmentRecord& segment : manifest::segments(txn, realm))
      manifest::remove_segment(txn, segment.number);
    manifest::next(txn, Counter::version);
  });
  base::named_point("store.realm-forgotten");
  if (!known && report.packs_removed == 0)
    throw Error(ErrorKind::not_found, "forget the realm", realm, "the store holds nothing of it",
                "jaunt store stats shows what it holds");
  folder.remove_orphans();
  report.bytes_after = store.pack_bytes();
  return report;
}

namespace {

// Snapshots are named after their image: "web1 vda @before".
bool is_of_image(const Reference& reference, const std::string& image) {
  return (reference.holder == Holder::image && reference.name == image) ||
         (reference.holder == Holder::snapshot &&
          (reference.name == image || reference.name.starts_with(image + " @")));
}

}  // namespace

GcReport forget_image(const Store& store, const std::string& name, const GcOptions& options, base::Progress& progress,
                      const base::CancelToken& cancel) {
  const base::FileLock lock = store.folder().lock_writer(options.patience);
  store.folder().remove_orphans();
  std::vector<std::string> realms;
  for (const Reference& reference : store.references().list())
    if (is_of_image(reference, name)) {
      store.references().release(reference);
      realms.push_back(reference.realm);
    }
  if (realms.empty())
    throw Error(ErrorKind::not_found, "forget the image", name, "nothing in the store is kept for it",
                "jaunt store stats shows for what it keeps blocks");
  GcOptions thorough = options;
  thorough.keep_max = {};
  thorough.garbage_min = 0;
  return collect(store.folder(), realms, thorough, progress, cancel);
}

}  // namespace jaunt::chunkstore
