#include "chunkstore/store_writer.hpp"

#include <algorithm>
#include <ctime>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/named_point.hpp"
#include "chunkstore/pack_filler.hpp"
#include "chunkstore/store_commit.hpp"
#include "chunkstore/store_gc.hpp"
#include "model/tree_writer.hpp"

namespace jaunt::chunkstore {

struct StoreWriter::Parts {
  Parts(const StoreFolder& of, StoreRealm in, const StoreWriterOptions& how);

  const StoreFolder& folder;
  const StoreRealm realm;
  const StoreWriterOptions options;
  const base::FileLock lock;
  std::shared_ptr<const StoreSnapshot> snapshot{};
  std::optional<PackFiller> filler{};
  std::unordered_set<model::BlockId> pending{};  // since the last commit
  std::vector<model::BlockId> put_lately{};      // the same and what was passed over, in any order; with a quota only
  std::uint64_t collect_from = 0;                // bytes of packs above which looking for garbage is worth while
  std::uint64_t committed = 0;                   // by itself, since the caller's last commit
  bool broken = false;

  void begin_filling();
  void add(const model::BlockId& id, base::ByteView block);
  void commit();
  void keep_quota();
  void collect();
};

namespace {

// Garbage is looked for again when so much of the quota was put since: what is needed may be more than the quota.
constexpr std::uint64_t kShareOfQuota = 16;

}  // namespace

StoreWriter::StoreWriter(const StoreFolder& folder, const StoreRealm& realm, const StoreWriterOptions& options) {
  check_realm_name(realm.name);
  parts_ = std::make_unique<Parts>(folder, realm, options);
}

StoreWriter::Parts::Parts(const StoreFolder& of, StoreRealm in, const StoreWriterOptions& how)
    : folder(of), realm(std::move(in)), options(how), lock(of.lock_writer(how.patience)) {
  folder.remove_orphans();
  begin_filling();
}

void StoreWriter::Parts::begin_filling() {
  snapshot = StoreSnapshot::load(folder, realm.name);
  filler.emplace(folder, *snapshot, model::realm_fingerprint(realm.key), true,
                 GroupPipeline::Options{.threads = options.threads, .level = options.level, .key = realm.key});
}

StoreWriter::~StoreWriter() = default;
StoreWriter::StoreWriter(StoreWriter&&) noexcept = default;

void StoreWriter::put(std::span<const model::BlockId> ids, base::ByteView blocks) {
  base::invariant(blocks.size() == ids.size() * model::kBlockBytes, "there is an id for each block");
  base::invariant(!parts_->broken, "a writer is not used after an error");
  parts_->broken = true;
  for (std::size_t i = 0; i < ids.size(); ++i)
    parts_->add(ids[i], blocks.subspan(i * model::kBlockBytes, model::kBlockBytes));
  parts_->broken = false;
}

std::uint64_t StoreWriter::commit() {
  base::invariant(!parts_->broken, "a writer is not used after an error");
  parts_->broken = true;
  parts_->commit();
  parts_->broken = false;
  return std::exchange(parts_->committed, 0);
}

void StoreWriter::Parts::add(const model::BlockId& id, base::ByteView block) {
  if (options.size_max) {
    if (put_lately.size() >= kBlocksMax)
      commit();
    put_lately.push_back(id);
  }
  if (snapshot->find(id) || !pending.insert(id).second)
    return;
  filler->add(id, block, std::time(nullptr));
  if (pending.size() >= kBlocksMax)
    commit();
}

void StoreWriter::Parts::commit() {
  if (!pending.empty()) {
    auto appended = filler->finish();
    base::named_point("store.packs-durable");
    committed += pending.size();
    chunkstore::commit(folder, *snapshot,
                       {.entries = std::move(appended.entries), .packs = std::move(appended.packs)});
    pending.clear();
    snapshot = StoreSnapshot::load(folder, realm.name, snapshot);
    keep_quota();
  }
  put_lately.clear();
}

void StoreWriter::Parts::keep_quota() {
  if (!options.size_max || folder.pack_bytes().value <= std::max(options.size_max->value, collect_from))
    return;
  try {
    collect();
  } catch (const base::Error&) {
    // What was put is committed, and says nothing of what else can be done with this disk.
  }
  collect_from = folder.pack_bytes().value + options.size_max->value / kShareOfQuota;
  begin_filling();  // packs may have gone, the one that was filled among them
}

// What was put is referred to meanwhile, so that it stays, be it old or new.
void StoreWriter::Parts::collect() {
  std::ranges::sort(put_lately);
  put_lately.erase(std::unique(put_lately.begin(), put_lately.end()), put_lately.end());
  const Reference putting{.realm = realm.name,
                          .holder = Holder::job,
                          .name = fmt::format("put by the process {}", ::getpid()),
                          .expires = Clock::now() + std::chrono::hours(1)};
  const References references(folder);
  references.refer(putting, put_lately);
  base::named_point("store.put-referred");
  base::Progress silent;
  make_room(folder, {.keep_max = *options.size_max, .threads = options.threads}, silent);
  references.release(putting);
}

}  // namespace jaunt::chunkstore
