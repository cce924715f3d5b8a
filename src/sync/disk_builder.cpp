#include "sync/disk_builder.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/named_point.hpp"

namespace jaunt::sync {

using namespace std::chrono_literals;

namespace {

constexpr auto kLookAtToken = 100ms;  // the token wakes nobody
constexpr std::uint64_t kUnkeptBytesMax = 32 * base::kMiB;

base::ByteCount bytes_of(std::uint64_t blocks) {
  return base::ByteCount(blocks * model::kBlockBytes);
}

}  // namespace

DiskBuilder::DiskBuilder(const Recipe& recipe, disk::PartialImage& target, const ProvedIds& proved, unsigned threads,
                         base::Progress& progress, base::CancelToken cancel)
    : recipe_(recipe),
      target_(target),
      proved_(proved),
      progress_(progress),
      cancel_(std::move(cancel)),
      wire_maker_(recipe, target, proved),
      left_(recipe.tiles->tiles().size()) {
  for (unsigned i = 0; i < threads; ++i)
    threads_.emplace_back([this] { run(); });
}

DiskBuilder::~DiskBuilder() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  for (std::thread& thread : threads_)
    thread.join();
}

void DiskBuilder::check(std::unique_lock<std::mutex>&) const {
  cancel_.check();
  if (failure_)
    std::rethrow_exception(failure_);
}

void DiskBuilder::set_order(std::vector<std::uint64_t> tiles) {
  const std::scoped_lock lock(mutex_);
  base::invariant(next_wire_ == 0, "an order is set before anything is wanted");
  order_ = std::move(tiles);
}

std::vector<WireWant> DiskBuilder::skip_held(std::size_t blocks_max) {
  std::deque<WireWant> held;
  std::size_t blocks = 0;
  for (; target_.found() && next_wire_ < wire_tiles(); ++next_wire_) {
    cancel_.check();
    const WireWant want{wire_tile(next_wire_), recipe_.wire_blocks(wire_tile(next_wire_))};
    if (want.blocks.none())
      continue;
    if (!wire_maker_.proved(want.tile))
      break;
    finish_tile(nullptr);
    held.push_back(want);
    for (blocks += want.blocks.count(); blocks > blocks_max; held.pop_front())
      blocks -= held.front().blocks.count();
  }
  return {held.begin(), held.end()};
}

std::optional<WireWant> DiskBuilder::next_want() {
  {
    std::unique_lock lock(mutex_);
    check(lock);
    if (!repairs_.empty()) {
      const WireWant want = repairs_.front();
      repairs_.pop_front();
      changed_.notify_all();
      return want;
    }
  }
  for (; next_wire_ < wire_tiles(); ++next_wire_) {
    const std::uint64_t tile = wire_tile(next_wire_);
    const BlockMask blocks = recipe_.wire_blocks(tile);
    if (blocks.none())
      continue;
    if (target_.found() && wire_maker_.proved(tile)) {
      finish_tile(nullptr);
      continue;
    }
    ++next_wire_;
    return WireWant{tile, blocks};
  }
  return std::nullopt;
}

void DiskBuilder::deliver(TileWork work) {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kLookAtToken, [&] { return failure_ || delivered_bytes_ < kDeliveredBytesMax; }))
    check(lock);
  check(lock);
  delivered_bytes_ += work.wire.size();
  delivered_.push_back(std::move(work));
  changed_.notify_all();
}

bool DiskBuilder::wait() {
  std::unique_lock lock(mutex_);
  const auto something = [&] {
    return failure_ || done() || !repairs_.empty() || next_wire_ < wire_tiles();
  };
  while (!changed_.wait_for(lock, kLookAtToken, something))
    check(lock);
  check(lock);
  return !done();
}

// The next tile that needs no wire; the lock is held.
std::optional<std::uint64_t> DiskBuilder::next_local() {
  const auto tiles = recipe_.tiles->tiles();
  while (next_local_ < tiles.size()) {
    const std::uint64_t tile = tiles[next_local_++].tile;
    if (recipe_.wire_blocks(tile).none())
      return tile;
  }
  return std::nullopt;
}

std::optional<DiskBuilder::Step> DiskBuilder::next_step() {
  std::unique_lock lock(mutex_);
  while (true) {
    if (failure_)
      return std::nullopt;
    if (!delivered_.empty()) {
      Step step{.work = std::move(delivered_.front()), .local = false};
      delivered_.pop_front();
      delivered_bytes_ -= step.work->wire.size();
      changed_.notify_all();
      return step;
    }
    if (stopping_ || done() || cancel_.cancelled())
      return std::nullopt;
    if (repairs_.size() < kWantsMax)
      if (const auto tile = next_local())
        return Step{.work = TileWork{.tile = *tile, .from_wire = {}, .wire = {}}, .local = true};
    changed_.wait_for(lock, kLookAtToken);
  }
}

void DiskBuilder::do_step(TileMaker& maker, const Step& step) {
  if (step.local && target_.found() && maker.proved(step.work->tile)) {
    finish_tile(nullptr);
    return;
  }
  const BlockMask missing = maker.make(*step.work);
  if (missing.none()) {
    base::named_point("tile proved");
    finish_tile(&maker);
    return;
  }
  const std::scoped_lock lock(mutex_);
  ++figures_.tiles_repaired;
  repairs_.push_back({.tile = step.work->tile, .blocks = missing, .whole = step.work->delta});
  changed_.notify_all();
}

// `maker` made it, or it was there.
void DiskBuilder::finish_tile(const TileMaker* maker) {
  bool keep = false;
  std::uint64_t blocks = transport::kTileBlocks;
  if (maker != nullptr) {
    blocks = 0;
    for (const model::SourceKind kind : model::kSourceKinds)
      blocks += maker->made()[kind];
  }
  {
    const std::scoped_lock lock(mutex_);
    if (maker == nullptr) {
      figures_.kept += bytes_of(blocks);
    } else {
      for (const model::SourceKind kind : model::kSourceKinds)
        figures_.bytes[kind] += bytes_of(maker->made()[kind]);
      unkept_bytes_ += bytes_of(maker->made()[model::SourceKind::wire] + maker->made()[model::SourceKind::delta]).value;
      keep = unkept_bytes_ >= kUnkeptBytesMax;
      if (keep)
        unkept_bytes_ = 0;
    }
    --left_;
    changed_.notify_all();
  }
  progress_.advance(bytes_of(blocks));
  if (keep)
    target_.keep();
}

void DiskBuilder::run() {
  try {
    TileMaker maker(recipe_, target_, proved_);
    while (const auto step = next_step())
      do_step(maker, *step);
  } catch (...) {
    const std::scoped_lock lock(mutex_);
    if (!failure_)
      failure_ = std::current_exception();
    changed_.notify_all();
  }
}

void DiskBuilder::clear_rest() {
  base::Bytes zeros;
  base::ByteOffset at;
  while (const auto data = target_.data_from(at)) {
    cancel_.check();
    const std::uint64_t tile = data->offset.value / kTileBytes;
    const base::ByteOffset end(std::min<std::uint64_t>((tile + 1) * kTileBytes, recipe_.size.value));
    if (recipe_.tiles->hash(tile) == model::kZeroNode && !wire_maker_.proved(tile)) {
      zeros.resize(end.value - tile * kTileBytes);
      target_.write(base::ByteOffset(tile * kTileBytes), zeros);
    }
    at = end;
    if (at.value >= recipe_.size.value)
      return;
  }
}

BuildFigures DiskBuilder::figures() const {
  const std::scoped_lock lock(mutex_);
  return figures_;
}

}  // namespace jaunt::sync
