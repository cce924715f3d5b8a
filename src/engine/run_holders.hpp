// Who holds the runs that a comparison has found: the source that was asked first, and the store beside it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/disk_findings.hpp"
#include "engine/holdings.hpp"
#include "model/block.hpp"
#include "model/tree_file.hpp"

namespace jaunt::engine {

// The ids of a run that was found in a layer or in `base`, in order, some at a time, as long as visit() wants more;
// whether it wanted all. BlockId{} where none is known.
bool each_id(const sync::Run& run, const Holdings& holdings, const model::TreeView* base,
             const std::function<bool(std::span<const model::BlockId>)>& visit);

// Of one disk, run after run. What it is given outlives it. One thread.
class RunHolders {
 public:
  // `base` is what was compared with, if anything was.
  RunHolders(const Holdings& holdings, const model::TreeView* base);

  // Adds the run with all its holders, and its ids where the store is one of them. A run that was found in the store,
  // and of which a block is gone by now, has no holder.
  void add(const sync::Run& run, DiskFindings& findings);

 private:
  void add_stored(const sync::Run& run, DiskFindings& findings);
  bool store_holds(std::span<const model::BlockId> ids) const;

  const Holdings& holdings_;
  const model::TreeView* base_;
  std::unique_ptr<chunkstore::SourceReader> store_;
  model::BlockHasher hasher_;
};

}  // namespace jaunt::engine
