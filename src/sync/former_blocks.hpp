// Former versions of blocks that the wire has to bring: what lies here where, by their neighbours, they would lie.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "sync/recipe.hpp"
#include "sync/source_readers.hpp"
#include "sync/tile_work.hpp"

namespace jaunt::sync {

// One thread; the recipe outlives it.
class FormerBlocks {
 public:
  explicit FormerBlocks(const Recipe& recipe) : recipe_(recipe), readers_(recipe.sources) {}

  // Of these blocks, one behind another, zero where there is nothing; empty where there is nothing for any of them.
  // Whatever it is, it may be no version of them at all.
  base::Bytes read(const WireWant& want);

 private:
  std::optional<Spot> before(const RecipeRun& run, std::uint64_t block) const;
  std::optional<Spot> after(const RecipeRun& run, std::uint64_t block) const;
  std::optional<Spot> former(const RecipeRun& run, std::uint64_t block) const;

  const Recipe& recipe_;
  SourceReaders readers_;
};

}  // namespace jaunt::sync
