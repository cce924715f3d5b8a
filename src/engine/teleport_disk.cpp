#include "engine/teleport_disk.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "codec/zstd_stream.hpp"
#include "sync/former_blocks.hpp"
#include "sync/shared_blocks.hpp"

namespace jaunt::engine {

namespace {

constexpr unsigned kThreadsMax = 8;  // twice the cores: half of them wait for the disk
constexpr std::size_t kTilesToldAtOnce = 64;
constexpr std::size_t kOrderedTilesMax = std::size_t{1} << 18;
// Most of what it gains is in the first of them, and reading them takes the compressor time.
constexpr std::size_t kSharedBlocksMax = 8 * base::kMiB / model::kBlockBytes;
constexpr std::uint64_t kSlowLink = 15 * base::kMiB;  // a second

base::ByteCount needed_bytes(const sync::Recipe& recipe) {
  std::uint64_t blocks = 0;
  for (const sync::RecipeRun& run : recipe.runs)
    blocks += run.kind == model::SourceKind::zero ? 0 : run.blocks;
  return base::ByteCount(blocks * model::kBlockBytes);
}

// The blocks of these tiles, read from where they were proved.
base::Bytes read_blocks(disk::PartialImage& target, const sync::WireWant& want, base::ByteCount size) {
  base::Bytes content;
  for (unsigned i = 0; i < transport::kTileBlocks; ++i) {
    if (!want.blocks[i])
      continue;
    const std::uint64_t at = want.tile * sync::kTileBytes + i * model::kBlockBytes;
    const std::size_t before = content.size();
    content.resize(before + model::kBlockBytes);
    target.read(base::ByteOffset(at),
                std::span(content).subspan(before, std::min<std::uint64_t>(model::kBlockBytes, size.value - at)));
  }
  return content;
}

// The tiles that need the wire, in the order in which the source would send them; none where they are so many that
// nobody wants to remember that.
std::vector<std::uint64_t> order_of(std::uint32_t disk, const sync::Recipe& recipe, Conversation& conversation) {
  std::vector<std::pair<std::uint32_t, std::uint64_t>> order;  // file and tile
  transport::AskOrder ask{.disk = disk, .blocks = {}};
  const auto tell = [&] {
    if (ask.blocks.empty())
      return;
    const std::vector<std::uint32_t> files = conversation.order(ask);
    for (std::size_t i = 0; i < files.size(); ++i)
      order.emplace_back(files[i], ask.blocks[i].tile);
    ask.blocks.clear();
  };
  for (const sync::TileHash& tile : recipe.tiles->tiles()) {
    const sync::BlockMask wanted = recipe.wire_blocks(tile.tile);
    if (wanted.none())
      continue;
    if (order.size() == kOrderedTilesMax)
      return {};
    ask.blocks.push_back(sync::tile_blocks(tile.tile, wanted));
    for (std::uint16_t& group : ask.blocks.back().groups)  // which groups is enough, and said briefly
      group = group == 0 ? std::uint16_t{0} : std::uint16_t{0xffff};
    if (ask.blocks.size() == transport::kTilesMax)
      tell();
  }
  tell();
  std::ranges::sort(order);
  std::vector<std::uint64_t> tiles;
  for (const auto& [file, tile] : order)
    tiles.push_back(tile);
  return tiles;
}

using Shared = sync::SharedBlocks::OfTile;

// Tells the source of blocks with which a stream begins, of these tiles until there are enough (nullopt); the source reads
// those of each question in the order of the disk.
void add_history(std::uint32_t disk, std::span<std::uint64_t> tiles,
                 const std::function<std::optional<Shared>(std::uint64_t)>& shared, BlockSupply& supply) {
  bool enough = false;
  for (std::size_t at = 0; at == 0 || (at < tiles.size() && !enough); at += kTilesToldAtOnce) {
    const auto some = tiles.subspan(at, std::min(kTilesToldAtOnce, tiles.size() - at));
    std::ranges::sort(some);
    transport::AskStream ask{.bytes_per_second = supply.link_bytes_per_second,
                             .window_bits = supply.stream.window_bits(),
                             .disk = disk,
                             .blocks = {}};
    for (const std::uint64_t tile : some) {
      const auto both = shared(tile);
      enough = enough || !both;
      if (!both || both->blocks.none())
        continue;
      ask.blocks.push_back(sync::tile_blocks(tile, both->blocks));
      supply.stream.add_history(both->content);
    }
    supply.conversation.begin_stream(ask);
  }
}

// Both sides begin with blocks of the files that cross, and with what came over the wire last.
void begin_stream(std::uint32_t disk, const std::vector<sync::WireWant>& held, std::vector<std::uint64_t> order,
                  std::size_t blocks_max, const sync::Recipe& recipe, disk::PartialImage& target,
                  BlockSupply& supply) {
  if (held.empty() && std::exchange(supply.begun, true))
    return;  // the stream of the disk before goes on
  supply.begun = true;
  std::map<std::uint64_t, const sync::WireWant*> wants;
  std::vector<std::uint64_t> held_tiles;
  for (const sync::WireWant& want : held) {
    wants[want.tile] = &want;
    held_tiles.push_back(want.tile);
    blocks_max -= want.blocks.count();
  }
  blocks_max = std::min(blocks_max, kSharedBlocksMax);
  sync::SharedBlocks blocks(recipe);
  const auto beside = [&](std::uint64_t tile) -> std::optional<Shared> {
    if (blocks_max == 0)
      return std::nullopt;
    Shared both = blocks.read(tile, blocks_max);
    blocks_max -= both.blocks.count();
    return both;
  };
  add_history(disk, order, beside, supply);
  if (!held.empty())
    add_history(
        disk, held_tiles,
        [&](std::uint64_t tile) -> std::optional<Shared> {
          return Shared{wants[tile]->blocks, read_blocks(target, *wants[tile], recipe.size)};
        },
        supply);
}

// What takes time on both sides, so that less crosses.
bool is_slow(const BlockSupply& supply) {
  return supply.link_bytes_per_second != 0 && supply.link_bytes_per_second <= kSlowLink;
}

}  // namespace

BuiltDisk build_disk(std::uint32_t disk, const std::string& name, const DiskRecipe& recipe, const DiskPlace& place,
                     BlockSupply& supply, const Workplace& workplace) {
  const base::ByteCount size = recipe.recipe().size;
  BuiltDisk built{.target = disk::open_partial_image({.path = place.hidden,
                                                      .final_path = place.path,
                                                      .format = place.format,
                                                      .size = size,
                                                      .backing = place.backing}),
                  .proved = std::make_unique<sync::ProvedIds>(workplace.home.cache(), size)};
  workplace.progress.stage(fmt::format("building {}", base::printable(name)), needed_bytes(recipe.recipe()));
  const unsigned wanted =
      workplace.config.threads != 0 ? workplace.config.threads : std::max(1U, std::thread::hardware_concurrency());
  sync::DiskBuilder builder(recipe.recipe(), *built.target, *built.proved, std::min(2 * wanted, kThreadsMax),
                            workplace.progress, workplace.cancel);
  std::vector<std::uint64_t> order;
  if (workplace.config.wire_order)
    order = order_of(disk, recipe.recipe(), supply.conversation);
  builder.set_order(order);
  const std::size_t history =
      std::min(codec::kHistoryBytesMax, std::size_t{1} << supply.stream.window_bits()) / model::kBlockBytes;
  const std::vector<sync::WireWant> held = builder.skip_held(history);
  if (!workplace.config.wire_history || !is_slow(supply))
    order.clear();
  begin_stream(disk, held, std::move(order), history, recipe.recipe(), *built.target, supply);
  sync::FormerBlocks former(recipe.recipe());
  sync::BlockAsker asker(
      disk, supply.stream, [&] { return builder.next_want(); },
      [&](sync::TileWork work) {
        builder.deliver(std::move(work));
        supply.got_on(builder.figures());
      },
      workplace.config.wire_deltas && is_slow(supply) && supply.conversation.takes_former()
          ? [&](const sync::WireWant& want) { return former.read(want); }
          : sync::BlockAsker::Former());
  supply.conversation.fetch(asker, [&] {
    supply.got_on(builder.figures());
    return builder.wait();
  });
  supply.deltas += asker.deltas();
  builder.clear_rest();
  supply.got_on(builder.figures());
  return built;
}

}  // namespace jaunt::engine
