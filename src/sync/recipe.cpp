#include "sync/recipe.hpp"

namespace jaunt::sync {

BlockMask Recipe::wire_blocks(std::uint64_t tile) const {
  BlockMask mask;
  each_piece(tile, [&](const RecipeRun& run, unsigned first, unsigned count) {
    for (unsigned i = first; run.kind == model::SourceKind::wire && i < first + count; ++i)
      mask.set(i);
  });
  return mask;
}

}  // namespace jaunt::sync
