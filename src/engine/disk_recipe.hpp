// A kept plan's runs in terms of what can be read now.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/holdings.hpp"
#include "engine/spilled_list.hpp"
#include "model/plan.hpp"
#include "model/run_list.hpp"
#include "sync/recipe.hpp"

namespace jaunt::engine {

// Of one disk. What its sources need is open while it lives; holdings outlive it. Made on a thread that lives as
// long.
class DiskRecipe {
 public:
  // A busy error where a layer that the plan takes from is not known as it was any more: it has to be planned again.
  // Runs that outgrow memory lie in `scratch`; `runs` outlive it.
  DiskRecipe(const model::DiskPlan& plan, const model::RunListView& runs, const std::filesystem::path& tiles,
             const Holdings& holdings, const std::filesystem::path& scratch);

  DiskRecipe(const DiskRecipe&) = delete;
  DiskRecipe& operator=(const DiskRecipe&) = delete;

  const sync::Recipe& recipe() const { return recipe_; }

 private:
  void open_raw_layers(const model::DiskPlan& plan, const std::vector<std::uint32_t>& parts,
                       const Holdings& holdings);
  std::optional<sync::RawPlace> raw_place(const sync::Spot& spot) const;
  void open_base(const model::DiskPlan& plan, const std::vector<std::uint32_t>& parts, const Holdings& holdings);

  sync::TileList tiles_;
  std::unordered_map<std::uint32_t, base::File> raw_layers_;  // by part
  std::optional<std::uint32_t> raw_base_;                     // the one that is the whole base
  std::unique_ptr<chunkstore::Source> base_;
  std::unique_ptr<chunkstore::Source> store_;
  SpilledList<sync::RecipeRun> runs_;
  sync::Recipe recipe_;
};

}  // namespace jaunt::engine
