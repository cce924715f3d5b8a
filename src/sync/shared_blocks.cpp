#include "sync/shared_blocks.hpp"

namespace jaunt::sync {

using model::SourceKind;

bool SharedBlocks::read(const Spot& spot, std::span<std::byte, model::kBlockBytes> into) {
  model::BlockId id;
  recipe_.sources[spot.source]->ids_from(spot.place, {&id, 1});
  return id != model::BlockId{} && readers_.of(spot.source).read(spot.place, into) && hasher_.id_of(into) == id;
}

SharedBlocks::OfTile SharedBlocks::read(std::uint64_t tile, std::size_t blocks_max) {
  OfTile shared;
  recipe_.each_piece(tile, [&](const RecipeRun& run, unsigned first, unsigned count) {
    if (run.kind == SourceKind::zero || run.kind == SourceKind::wire)
      return;
    const std::uint64_t skipped = tile * transport::kTileBlocks + first - run.first.value;
    for (unsigned i = 0; i < count && shared.blocks.count() < blocks_max; ++i) {
      const std::size_t used = shared.content.size();
      shared.content.resize(used + model::kBlockBytes);
      const std::span<std::byte, model::kBlockBytes> into(shared.content.data() + used, model::kBlockBytes);
      if (read(run.spot.at(skipped + i), into))
        shared.blocks.set(first + i);
      else
        shared.content.resize(used);
    }
  });
  return shared;
}

}  // namespace jaunt::sync
