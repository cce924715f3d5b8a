// The store: blocks that this node keeps by content, because no file it knows holds them.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.hpp"
#include "base/units.hpp"
#include "chunkstore/source.hpp"
#include "chunkstore/store_folder.hpp"
#include "chunkstore/store_references.hpp"
#include "model/block.hpp"

namespace jaunt::chunkstore {

class StoreSnapshot;
class StoreWriter;

// A scope of sharing: blocks of one realm are never found in another, even if their bytes are the same.
struct StoreRealm {
  std::string name = "default";  // 1 to 48 letters, digits, '.', '_', '-'
  std::optional<model::RealmKey> key{};
};

struct StoreWriterOptions {
  unsigned threads = 0;  // that check and compress; 0: one for each processor
  int level = 3;         // of zstd
  std::chrono::milliseconds patience = std::chrono::seconds(10);  // with another writer
  // With a quota, a commit that leaves more than this in all packs together is followed by garbage collection: blocks
  // that nothing refers to go, the oldest first, down to the quota. What was put since the last commit stays, and
  // what something refers to, also above the quota.
  std::optional<base::ByteCount> size_max{};
};

// How much there is, in one realm or in all.
struct StoreFigures {
  std::uint64_t blocks = 0;           // that can be had; one that lies there twice counts once
  std::uint64_t referred_blocks = 0;  // of these, that something refers to
  std::uint64_t stored_blocks = 0;    // in packs, those that are garbage included
  std::uint64_t packs = 0;
  std::uint64_t damaged_groups = 0;
  base::ByteCount pack_bytes;
  base::ByteCount index_bytes;     // of the index's segments
  base::ByteCount manifest_bytes;  // of the database
  std::uint64_t references = 0;
};

// HOME/store. Any number of processes may have it open, and any thread may use it; one at a time writes blocks.
class Store {
 public:
  explicit Store(const std::filesystem::path& home);
  ~Store();

  // For each id whether it is here. What a lease or another reference names stays; anything else may go at any time.
  std::vector<bool> has(const StoreRealm& realm, std::span<const model::BlockId> ids) const;

  // The block, which has been checked; false when it is not here. A damaged one is noted, counts as absent from then
  // on, and is kept again when it is put again.
  bool get(const StoreRealm& realm, const model::BlockId& id, std::span<std::byte, model::kBlockBytes> into) const;

  // The same for many, in the order in which they lie in the packs. Returns how many were here. `block` is valid
  // within the call.
  using Got = std::function<void(std::size_t index, base::ByteView block)>;
  std::size_t get(const StoreRealm& realm, std::span<const model::BlockId> ids, const Got& got) const;

  // Throws busy, naming the process, when somebody else writes for longer than the options' patience.
  StoreWriter write(const StoreRealm& realm, const StoreWriterOptions& options = {}) const;

  // As a source of blocks: the state of now.
  std::unique_ptr<Source> source(const StoreRealm& realm) const;

  References references() const { return References(folder_); }
  std::vector<std::string> realms() const;  // that have blocks; ascending
  StoreFigures figures(const std::optional<std::string>& realm = {}) const;

  base::ByteCount pack_bytes() const { return folder_.pack_bytes(); }  // of all packs

  const StoreFolder& folder() const { return folder_; }

 private:
  std::shared_ptr<const StoreSnapshot> snapshot(const std::string& realm) const;

  StoreFolder folder_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<std::string, std::shared_ptr<const StoreSnapshot>> snapshots_;
};

// Throws usage when no realm can have this name.
void check_realm_name(const std::string& name);

}  // namespace jaunt::chunkstore
