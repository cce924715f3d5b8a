#include "sync/former_blocks.hpp"

#include <algorithm>

namespace jaunt::sync {

using model::SourceKind;

namespace {

constexpr std::ptrdiff_t kNeighbours = 8;       // runs that are looked at on either side
constexpr std::uint64_t kNeighbourhood = 4096;  // blocks

// Disks lie there in their own order, which neither packages nor the store do.
bool in_order(const RecipeRun& run) {
  return run.kind == SourceKind::base || run.kind == SourceKind::local;
}

}  // namespace

std::optional<Spot> FormerBlocks::before(const RecipeRun& run, std::uint64_t block) const {
  const auto here = &run - recipe_.runs.data();
  for (std::ptrdiff_t i = here - 1; i >= std::max<std::ptrdiff_t>(here - kNeighbours, 0); --i) {
    const RecipeRun& one = recipe_.runs[static_cast<std::size_t>(i)];
    if (block - one.first.value > one.blocks + kNeighbourhood)
      return std::nullopt;
    if (in_order(one))
      return one.spot.at(block - one.first.value);
  }
  return std::nullopt;
}

std::optional<Spot> FormerBlocks::after(const RecipeRun& run, std::uint64_t block) const {
  const auto here = &run - recipe_.runs.data();
  const auto end = std::min<std::ptrdiff_t>(here + 1 + kNeighbours, std::ssize(recipe_.runs));
  for (std::ptrdiff_t i = here + 1; i < end; ++i) {
    const RecipeRun& one = recipe_.runs[static_cast<std::size_t>(i)];
    const std::uint64_t distance = one.first.value - block;
    if (distance > kNeighbourhood)
      return std::nullopt;
    if (in_order(one) && one.spot.place.block >= distance)
      return Spot{one.spot.source, {one.spot.place.part, one.spot.place.block - distance}};
  }
  return std::nullopt;
}

std::optional<Spot> FormerBlocks::former(const RecipeRun& run, std::uint64_t block) const {
  const auto left = before(run, block);
  const auto right = after(run, block);
  const std::optional<Spot> in_place =
      recipe_.base ? std::optional(Spot{*recipe_.base, {0, block}}) : std::nullopt;
  if (in_place && (left == in_place || right == in_place))
    return in_place;
  return left ? left : right;
}

base::Bytes FormerBlocks::read(const WireWant& want) {
  base::Bytes content(want.blocks.count() * model::kBlockBytes);
  std::size_t used = 0;
  bool any = false;
  recipe_.each_piece(want.tile, [&](const RecipeRun& run, unsigned first, unsigned count) {
    for (unsigned i = first; i < first + count; ++i) {
      if (!want.blocks[i])
        continue;
      const auto into = std::span(content).subspan(used, model::kBlockBytes);
      used += model::kBlockBytes;
      const auto spot = former(run, want.tile * transport::kTileBlocks + i);
      if (!spot || !readers_.of(spot->source).read_run(spot->place, into))
        std::ranges::fill(into, std::byte{0});
      any = any || std::ranges::any_of(into, [](std::byte byte) { return byte != std::byte{0}; });
    }
  });
  return any ? content : base::Bytes{};
}

}  // namespace jaunt::sync
