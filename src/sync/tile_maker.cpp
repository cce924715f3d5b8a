#include "sync/tile_maker.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/named_point.hpp"

namespace jaunt::sync {

using model::SourceKind;
using transport::kTileBlocks;

namespace {

constexpr unsigned kRefusalsMax = 3;  // of references, until no more are tried

bool is_local(SourceKind kind) {
  return kind != SourceKind::zero && kind != SourceKind::wire && kind != SourceKind::delta;
}

}  // namespace

TileMaker::TileMaker(const Recipe& recipe, disk::PartialImage& target, const ProvedIds& proved)
    : recipe_(recipe), target_(target), proved_(proved), lookup_(recipe.sources), readers_(recipe.sources) {}

std::uint64_t TileMaker::tile_bytes(std::uint64_t tile) const {
  return std::min<std::uint64_t>(kTileBytes, recipe_.size.value - tile * kTileBytes);
}

std::span<std::byte, model::kBlockBytes> TileMaker::block(unsigned index) {
  return std::span<std::byte, model::kBlockBytes>(content_.data() + index * model::kBlockBytes, model::kBlockBytes);
}

bool TileMaker::fetch(const Spot& spot, unsigned index) {
  return readers_.of(spot.source).read(spot.place, block(index));
}

bool TileMaker::fetch_by_id(const model::BlockId& id, unsigned index) {
  std::optional<Spot> found;
  lookup_.find({&id, 1}, [&](std::size_t, const Spot& spot) { found = spot; });
  if (!found || !fetch(*found, index) || ids_.id_of(block(index)) != id)
    return false;
  taken_[index].spot = *found;
  return true;
}

void TileMaker::gather(const TileWork& work) {
  std::ranges::fill(content_, std::byte{0});
  taken_.fill({});
  missing_.reset();
  std::size_t used = 0;
  for (unsigned i = 0; i < kTileBlocks; ++i) {
    if (!work.from_wire[i])
      continue;
    std::ranges::copy(base::ByteView(work.wire).subspan(used, model::kBlockBytes), block(i).begin());
    used += model::kBlockBytes;
    taken_[i].kind = work.delta ? SourceKind::delta : SourceKind::wire;
  }
  recipe_.each_piece(work.tile, [&](const RecipeRun& run, unsigned first, unsigned count) {
    const std::uint64_t skipped = work.tile * kTileBlocks + first - run.first.value;
    for (unsigned i = 0; run.kind != SourceKind::zero && i < count; ++i) {
      if (work.from_wire[first + i])
        continue;
      taken_[first + i] = {run.kind, run.spot.at(skipped + i)};
      missing_[first + i] = run.kind == SourceKind::wire;
    }
  });
  for (unsigned i = 0, end = 0; i < kTileBlocks; i = end) {
    end = run_end(i);
    if (is_local(taken_[i].kind) && !fetch_run(i, end))
      fetch_singly(i, end);
  }
}

bool TileMaker::fetch_run(unsigned first, unsigned end) {
  return readers_.of(taken_[first].spot.source)
      .read_run(taken_[first].spot.place,
                content_.subspan(first * model::kBlockBytes, (end - first) * model::kBlockBytes));
}

void TileMaker::fetch_singly(unsigned first, unsigned end) {
  for (unsigned i = first; i < end; ++i) {
    if (fetch(taken_[i].spot, i))
      continue;
    model::BlockId id;
    recipe_.sources[taken_[i].spot.source]->ids_from(taken_[i].spot.place, {&id, 1});
    missing_[i] = id == model::BlockId{} || !fetch_by_id(id, i);
  }
}

void TileMaker::mend() {
  for (unsigned i = 0; i < kTileBlocks; ++i) {
    if (!is_local(taken_[i].kind))
      continue;
    model::BlockId id;
    recipe_.sources[taken_[i].spot.source]->ids_from(taken_[i].spot.place, {&id, 1});
    if (id != model::BlockId{} && ids_.id_of(block(i)) != id)
      missing_[i] = !fetch_by_id(id, i);
  }
}

// Where the blocks that lie behind one another in one source end.
unsigned TileMaker::run_end(unsigned first) const {
  unsigned end = first + 1;
  while (end < kTileBlocks && is_local(taken_[first].kind) && is_local(taken_[end].kind) &&
         taken_[end].spot == taken_[first].spot.at(end - first))
    ++end;
  return end;
}

bool TileMaker::may_refer() const {
  return recipe_.raw && references_refused_ < kRefusalsMax;
}

bool TileMaker::refer(std::uint64_t tile, unsigned first, unsigned end) {
  if (!may_refer() || !is_local(taken_[first].kind) || end * model::kBlockBytes > tile_bytes(tile))
    return false;
  const auto place = recipe_.raw(taken_[first].spot);
  if (!place)
    return false;
  if (target_.clone(base::ByteOffset(tile * kTileBytes + first * model::kBlockBytes), *place->file, place->offset,
                    base::ByteCount((end - first) * model::kBlockBytes)))
    return true;
  ++references_refused_;
  return false;
}

void TileMaker::put(std::uint64_t tile) {
  const std::uint64_t size = tile_bytes(tile);
  const base::ByteOffset at(tile * kTileBytes);
  for (unsigned first = 0, end = 0; first * model::kBlockBytes < size; first = end) {
    end = run_end(first);
    if (refer(tile, first, end))
      continue;
    while (end * model::kBlockBytes < size && (!may_refer() || !is_local(taken_[end].kind)))
      ++end;
    const std::uint64_t begin = first * model::kBlockBytes;
    target_.write(base::ByteOffset(at.value + begin),
                  content_.subspan(begin, std::min(end * model::kBlockBytes, size) - begin));
  }
  base::named_point("tile placed");
  target_.read(at, content_.first(size));
}

base::Hash32 TileMaker::hash() {
  std::array<base::Hash32, model::kFanout> groups{};
  std::array<model::BlockId, model::kFanout> held;
  std::array<std::optional<model::BlockId>, model::kFanout> ids;
  for (unsigned group = 0; group < model::kFanout; ++group) {
    std::size_t count = 0;
    std::uint16_t mask = 0;
    ids_.ids_of(content_.subspan(group * model::kFanout * model::kBlockBytes, model::kFanout * model::kBlockBytes),
                ids);
    for (unsigned i = 0; i < model::kFanout; ++i) {
      content_ids_[group * model::kFanout + i] = ids[i].value_or(model::BlockId{});
      if (ids[i]) {
        held[count++] = *ids[i];
        mask = static_cast<std::uint16_t>(mask | 1U << i);
      }
    }
    if (mask != 0)
      groups[group] = nodes_.group(mask, std::span(held).first(count));
  }
  if (recipe_.tiles->level() == 1)
    return groups[0];
  const bool zero = std::ranges::all_of(groups, [](const auto& g) { return g == model::kZeroNode; });
  return zero ? model::kZeroNode : nodes_.node(2, groups);
}

bool TileMaker::prove(std::uint64_t tile) {
  if (hash() != recipe_.tiles->hash(tile))
    return false;
  proved_.put(tile, content_ids_);
  return true;
}

bool TileMaker::put_and_prove(std::uint64_t tile) {
  put(tile);
  return prove(tile);
}

bool TileMaker::proved(std::uint64_t tile) {
  const std::uint64_t size = tile_bytes(tile);
  const auto data = target_.data_from(base::ByteOffset(tile * kTileBytes));
  if (!data || data->offset.value >= tile * kTileBytes + size)
    return recipe_.tiles->hash(tile) == model::kZeroNode;
  std::ranges::fill(content_, std::byte{0});
  target_.read(base::ByteOffset(tile * kTileBytes), content_.first(size));
  return prove(tile);
}

void TileMaker::count() {
  made_ = {};
  for (const Taken& taken : taken_)
    if (taken.kind != SourceKind::zero)
      ++made_[taken.kind];
}

BlockMask TileMaker::make(const TileWork& work) {
  base::invariant(work.wire.size() == work.from_wire.count() * model::kBlockBytes, "the wire brought what it says");
  gather(work);
  if (missing_.none()) {
    if (put_and_prove(work.tile)) {
      count();
      return {};
    }
    gather(work);  // what the target gave back may be anything
    mend();
    if (missing_.none() && put_and_prove(work.tile)) {
      count();
      return {};
    }
  }
  if (missing_.any())
    return missing_ | work.from_wire;
  BlockMask all;
  for (unsigned i = 0; i < kTileBlocks; ++i)
    all[i] = taken_[i].kind != SourceKind::zero;
  if (all == work.from_wire && !work.delta)
    throw base::Error(base::ErrorKind::verify, "prove", "what came over the link",
                      "it is not what the source's block tree says", "teleport it again");
  return all;
}

}  // namespace jaunt::sync
