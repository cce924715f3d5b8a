// Everything of one realm that this node can produce blocks from, for the planning of one machine.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chunkstore/catalog.hpp"
#include "chunkstore/layers_source.hpp"
#include "chunkstore/store.hpp"
#include "engine/home.hpp"
#include "match/candidate.hpp"
#include "model/plan.hpp"

namespace jaunt::engine {

class Holdings {
 public:
  Holdings(const Home& home, const std::string& realm);
  Holdings(const Holdings&) = delete;
  Holdings& operator=(const Holdings&) = delete;

  const chunkstore::LayersSource& layers() const { return *layers_; }
  const chunkstore::Source& store_source() const { return *store_source_; }
  const chunkstore::Store& store() const { return store_; }
  const chunkstore::StoreRealm& realm() const { return realm_; }

  // The images here, in the order of layers().images(), as match ranks them.
  const std::vector<match::Candidate>& candidates() const { return candidates_; }
  const std::vector<const model::TreeView*>& trees() const { return trees_; }  // of every layer

  model::PlannedLayer planned(std::uint32_t part) const;

 private:
  chunkstore::Catalog catalog_;
  chunkstore::Store store_;
  chunkstore::StoreRealm realm_;
  std::unique_ptr<chunkstore::LayersSource> layers_;
  std::unique_ptr<chunkstore::Source> store_source_;
  std::vector<match::Candidate> candidates_;
  std::vector<const model::TreeView*> trees_;
};

}  // namespace jaunt::engine
