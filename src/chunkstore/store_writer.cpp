#include "chunkstore/store_writer.hpp"

#include <ctime>
#include <unordered_set>
#include <utility>

#include "base/error.hpp"
#include "base/named_point.hpp"
#include "chunkstore/pack_filler.hpp"
#include "chunkstore/store_commit.hpp"
#include "model/tree_writer.hpp"

namespace jaunt::chunkstore {

struct StoreWriter::Parts {
  const StoreFolder& folder;
  const StoreRealm realm;
  const base::FileLock lock;
  std::shared_ptr<const StoreSnapshot> snapshot;
  PackFiller filler;
  std::unordered_set<model::BlockId> pending{};  // since the last commit
  std::uint64_t committed = 0;                   // by itself, since the caller's last commit
  bool broken = false;

  void add(const model::BlockId& id, base::ByteView block);
  void commit();
};

namespace {

std::shared_ptr<const StoreSnapshot> fresh_snapshot(const StoreFolder& folder, const std::string& realm) {
  folder.remove_orphans();
  return StoreSnapshot::load(folder, realm);
}

}  // namespace

StoreWriter::StoreWriter(const StoreFolder& folder, const StoreRealm& realm, const StoreWriterOptions& options) {
  check_realm_name(realm.name);
  base::FileLock lock = folder.lock_writer(options.patience);
  const auto snapshot = fresh_snapshot(folder, realm.name);
  parts_ = std::unique_ptr<Parts>(
      new Parts{.folder = folder,
                .realm = realm,
                .lock = std::move(lock),
                .snapshot = snapshot,
                .filler = PackFiller(folder, *snapshot, model::realm_fingerprint(realm.key), true,
                                     {.threads = options.threads, .level = options.level, .key = realm.key})});
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
  if (snapshot->find(id) || !pending.insert(id).second)
    return;
  filler.add(id, block, std::time(nullptr));
  if (pending.size() >= kBlocksMax)
    commit();
}

void StoreWriter::Parts::commit() {
  if (pending.empty())
    return;
  auto appended = filler.finish();
  base::named_point("store.packs-durable");
  committed += pending.size();
  chunkstore::commit(folder, *snapshot, {.entries = std::move(appended.entries), .packs = std::move(appended.packs)});
  pending.clear();
  snapshot = StoreSnapshot::load(folder, realm.name, snapshot);
}

}  // namespace jaunt::chunkstore
