// A realm of the store as of one commit: where each of its blocks lies.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "chunkstore/index_segment.hpp"
#include "chunkstore/store_folder.hpp"
#include "chunkstore/store_manifest.hpp"

namespace jaunt::chunkstore {

// Unchanging; any thread.
class StoreSnapshot {
 public:
  // As it is now; `earlier` itself where nothing has changed since.
  static std::shared_ptr<const StoreSnapshot> load(const StoreFolder& folder, const std::string& realm,
                                                   const std::shared_ptr<const StoreSnapshot>& earlier = {});

  // The same with segments that have no entries: what is left when an index cannot be read.
  static std::shared_ptr<const StoreSnapshot> load_without_index(const StoreFolder& folder, const std::string& realm);

  struct Segment {
    std::uint64_t number = 0;
    std::shared_ptr<const IndexSegment> index;
  };

  const std::string& realm() const { return realm_; }
  std::uint64_t version() const { return version_; }
  const std::vector<Segment>& segments() const { return segments_; }  // the newest first
  const std::unordered_map<std::uint32_t, PackRecord>& packs() const { return packs_; }
  const std::unordered_set<std::uint64_t>& damaged() const { return damaged_; }

  std::uint64_t entries() const;  // at least as many as there are blocks

  // Whether the pack still counts and the group can be read, as far as is known.
  bool alive(Location location) const {
    return packs_.contains(location.pack()) && (damaged_.empty() || !damaged_.contains(location.group()));
  }
  std::optional<Location> find(const model::BlockId& id) const;
  // All entries, those that are not alive included.
  MergedEntries merged() const;

 private:
  StoreSnapshot() = default;
  std::vector<SegmentRecord> load_manifest(const StoreFolder& folder, const std::string& realm,
                                           const StoreSnapshot* earlier);

  std::string realm_;
  std::uint64_t version_ = 0;
  std::vector<Segment> segments_;
  std::unordered_map<std::uint32_t, PackRecord> packs_;
  std::unordered_set<std::uint64_t> damaged_;
};

}  // namespace jaunt::chunkstore
