// Plans that were made, in HOME/plans, until they are dropped or long expired.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "chunkstore/store.hpp"
#include "engine/home.hpp"
#include "engine/spilled_list.hpp"
#include "model/plan.hpp"
#include "model/run_list.hpp"

namespace jaunt::engine {

// A disk's runs where they lie; see model::RunListView.
class KeptRuns {
 public:
  explicit KeptRuns(const std::filesystem::path& path) : file_(path), view_(file_.bytes()) {}

  const model::RunListView& operator*() const { return view_; }
  const model::RunListView* operator->() const { return &view_; }

 private:
  base::MappedFile file_;
  model::RunListView view_;
};

// HOME/plans/ID/plan.json and, for each disk, N.runs and N.tiles. Any process and thread.
class KeptPlans {
 public:
  explicit KeptPlans(const Home& home) : home_(home), folder_(home.path() / "plans") {}

  // The plan gets its id; it is durable when this returns. Of each disk the runs and the tiles.
  void keep(model::Plan& plan, const std::vector<const base::File*>& runs,
            const std::vector<const base::File*>& tiles = {}) const;

  // Throw not_found, naming the plan, where there is none.
  model::Plan plan(const std::string& id) const;
  KeptRuns runs(const std::string& id, std::size_t disk) const;
  // What all its disks take from the store, ascending and each id once.
  SpilledList<model::BlockId> store_ids(const model::Plan& plan) const;
  std::filesystem::path tiles(const std::string& id, std::size_t disk) const;  // for sync::TileList
  // It and what was promised for it do not expire before then.
  void renew(const std::string& id, chunkstore::Clock::time_point until) const;
  // With everything that was promised for it.
  void drop(const std::string& id) const;

  std::vector<model::Plan> list() const;  // oldest first; what cannot be read is left out
  void remove_expired() const;            // those whose lease ended a week ago, or that were never finished

 private:
  std::filesystem::path folder_of(const std::string& id) const;

  const Home& home_;
  std::filesystem::path folder_;
};

// What a plan holds in the store.
chunkstore::Reference lease_of(const std::string& id, const std::string& realm);

}  // namespace jaunt::engine
