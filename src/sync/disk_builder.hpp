// Builds one disk's target from all its sources at once.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "base/progress.hpp"
#include "disk/partial_image.hpp"
#include "sync/block_asker.hpp"
#include "sync/recipe.hpp"
#include "sync/tile_maker.hpp"

namespace jaunt::sync {

// What became of a target's bytes.
struct BuildFigures {
  model::BySource<base::ByteCount> bytes;  // that were placed now, by where they came from
  base::ByteCount kept;                    // that an earlier attempt had placed
  std::uint64_t tiles_repaired = 0;        // of which some source no longer had what it had
};

// Its threads make the tiles that need no wire, and those of which the wire has brought its part. The caller's thread
// feeds it: next_want() and deliver() until wait() says that all tiles are proved. What fails in a thread is thrown
// by the caller's next call. Everything given outlives it.
class DiskBuilder {
 public:
  static constexpr std::uint64_t kDeliveredBytesMax = 16 * base::kMiB;  // that no thread has taken yet
  static constexpr std::size_t kWantsMax = 4096;

  DiskBuilder(const Recipe& recipe, disk::PartialImage& target, const ProvedIds& proved, unsigned threads,
              base::Progress& progress, base::CancelToken cancel);
  ~DiskBuilder();  // what was delivered is placed, nothing else is begun

  // Before anything is wanted: all tiles of which the wire brings something, in the order in which they are to be
  // wanted; else that is the order of the disk.
  void set_order(std::vector<std::uint64_t> tiles);

  // At first, where there was a target already: walks over the tiles with wire blocks that it holds, up to the first
  // that it does not, and tells of the last ones, so many blocks of the wire at most.
  std::vector<WireWant> skip_held(std::size_t blocks_max);

  std::optional<WireWant> next_want();
  // Waits while too much is delivered and not placed.
  void deliver(TileWork work);
  // Waits until something is wanted (true), or all tiles are proved (false).
  bool wait();

  // Once wait() has said false: what lies in the target where nothing should, from before, is made zero.
  void clear_rest();
  BuildFigures figures() const;

 private:
  struct Step {
    std::optional<TileWork> work;
    bool local = false;  // of a tile that nothing was fetched for
  };

  void run();
  std::optional<Step> next_step();
  void do_step(TileMaker& maker, const Step& step);
  std::optional<std::uint64_t> next_local();
  std::size_t wire_tiles() const { return order_.empty() ? recipe_.tiles->tiles().size() : order_.size(); }
  // At this position of the order.
  std::uint64_t wire_tile(std::size_t position) const {
    return order_.empty() ? recipe_.tiles->tiles()[position].tile : order_[position];
  }
  void finish_tile(const TileMaker* maker);
  bool done() const { return left_ == 0; }
  void check(std::unique_lock<std::mutex>& lock) const;

  const Recipe& recipe_;
  disk::PartialImage& target_;
  const ProvedIds& proved_;
  base::Progress& progress_;
  const base::CancelToken cancel_;
  TileMaker wire_maker_;  // of the caller's thread, to look at what is there
  std::vector<std::uint64_t> order_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t next_local_ = 0;  // into recipe_.tiles->tiles()
  std::size_t next_wire_ = 0;   // into the order
  std::uint64_t left_;  // tiles that are not proved
  std::deque<TileWork> delivered_;
  std::uint64_t delivered_bytes_ = 0;
  std::deque<WireWant> repairs_;
  std::uint64_t unkept_bytes_ = 0;
  BuildFigures figures_;
  bool stopping_ = false;
  std::exception_ptr failure_;
  std::vector<std::thread> threads_;
};

}  // namespace jaunt::sync
