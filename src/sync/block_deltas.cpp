#include "sync/block_deltas.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "codec/delta.hpp"

namespace jaunt::sync {

namespace {

// What is compressed anyway is hardly compressed better for less.
constexpr std::size_t worth(std::size_t bytes) {
  return bytes / 4 * 3;
}

std::size_t bytes_of(const transport::TileBlocks& tile) {
  std::size_t blocks = 0;
  for (const std::uint16_t group : tile.groups)
    blocks += static_cast<std::size_t>(std::popcount(group));
  return blocks * model::kBlockBytes;
}

}  // namespace

PieceContent with_deltas(const transport::AskBlocks& ask, base::Bytes blocks) {
  std::size_t asked = 0;
  for (const transport::TileBlocks& tile : ask.blocks)
    asked += bytes_of(tile);
  if (asked != blocks.size() || std::ranges::all_of(ask.former, &base::Bytes::empty))
    return {std::move(blocks)};
  PieceContent content;
  std::size_t used = 0;
  for (std::size_t i = 0; i < ask.blocks.size(); ++i) {
    const auto tile = base::ByteView(blocks).subspan(used, bytes_of(ask.blocks[i]));
    used += tile.size();
    base::Bytes delta;
    if (!ask.former[i].empty())
      delta = codec::delta_of(ask.former[i], tile);
    const bool smaller = !ask.former[i].empty() && delta.size() < worth(tile.size());
    const base::ByteView chosen = smaller ? base::ByteView(delta) : tile;
    content.bytes.insert(content.bytes.end(), chosen.begin(), chosen.end());
    content.deltas.push_back(smaller ? static_cast<std::uint32_t>(delta.size()) : 0);
  }
  return content;
}

}  // namespace jaunt::sync
