// Groups of blocks checked against their ids and compressed, by several threads, in the order they came.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/bytes.hpp"
#include "model/block.hpp"

namespace jaunt::chunkstore {

// Blocks on their way into a pack, at most 64, one behind the other.
struct RawGroup {
  std::vector<model::BlockId> ids;
  base::Bytes blocks;
};

struct EncodedGroup {
  std::vector<model::BlockId> ids;
  base::Bytes bytes;  // as pack_format seals them
};

// One thread submits and takes. At most four groups for each thread are under way, so a submit() must be preceded by
// take() while full().
class GroupPipeline {
 public:
  struct Options {
    unsigned threads = 0;  // 0: one for each processor
    int level = 3;
    bool check_ids = true;
    std::optional<model::RealmKey> key{};
  };

  explicit GroupPipeline(const Options& options);
  ~GroupPipeline();

  bool full() const { return jobs_under_way_ >= jobs_max_; }
  void submit(RawGroup group);
  // The oldest group; waits for it only where `wait` is set. nullopt when there is none (ready). Throws verify,
  // naming the id, when a block of the group is not what its id says.
  std::optional<EncodedGroup> take(bool wait);
  // Buffers to fill, used before if there are any.
  RawGroup spare_group();
  void give_back(EncodedGroup group);

 private:
  struct Job {
    RawGroup raw;
    EncodedGroup encoded;
    std::exception_ptr failure;
    bool done = false;
  };

  void work();

  const Options options_;
  const std::size_t jobs_max_;
  std::size_t jobs_under_way_ = 0;  // the submitting thread's

  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable finished_;
  std::deque<std::shared_ptr<Job>> order_;    // all under way
  std::deque<std::shared_ptr<Job>> waiting_;  // not begun
  std::vector<RawGroup> spare_groups_;
  std::vector<base::Bytes> spare_bytes_;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace jaunt::chunkstore
