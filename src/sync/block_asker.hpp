// The destination's questions for blocks: as many under way as keep the link busy, bounded in bytes.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "sync/block_mask.hpp"
#include "sync/block_stream.hpp"
#include "transport/messages.hpp"

namespace jaunt::sync {

// Blocks of one tile that have to come over the wire.
struct WireWant {
  std::uint64_t tile = 0;
  BlockMask blocks;
};

// How many bytes of blocks may be asked for ahead: twice what comes in the time that an answer takes.
class AskAhead {
 public:
  static constexpr std::uint64_t kMin = 4 * base::kMiB;
  static constexpr std::uint64_t kMax = 32 * base::kMiB;
  using Seconds = std::chrono::duration<double>;

  std::uint64_t bytes() const { return bytes_; }
  // An answer of so many bytes came, so long after its question and so long after the answer before it.
  void account(std::uint64_t answered, Seconds since_question, Seconds since_answer);

 private:
  std::uint64_t bytes_ = kMin;
  double rate_ = 0;
  std::optional<Seconds> shortest_;
};

// For one disk; plain messages in and out, answers in the order of the questions. One thread.
class BlockAsker {
 public:
  using Next = std::function<std::optional<WireWant>()>;  // in any order; nullopt: nothing now
  using Deliver = std::function<void(std::uint64_t tile, const BlockMask&, base::Bytes)>;

  BlockAsker(std::uint32_t disk, BlockStreamReader& stream, Next next, Deliver deliver)
      : disk_(disk), stream_(stream), next_(std::move(next)), deliver_(std::move(deliver)) {}

  std::vector<transport::Message> ask();
  // Throws corrupt errors.
  void receive(const transport::Message& answer);

  bool idle() const { return waiting_.empty(); }  // every question is answered

 private:
  struct Waiting {
    std::uint32_t number = 0;
    std::vector<WireWant> wants;
    std::size_t blocks = 0;
    std::chrono::steady_clock::time_point asked;
  };

  std::optional<Waiting> next_question();

  std::uint32_t disk_;
  BlockStreamReader& stream_;
  Next next_;
  Deliver deliver_;
  std::uint32_t next_number_ = 1;
  std::deque<Waiting> waiting_;
  std::optional<WireWant> left_over_;  // did not fit into the last question
  std::uint64_t bytes_waiting_ = 0;
  AskAhead ahead_;
  std::chrono::steady_clock::time_point last_answer_;
};

}  // namespace jaunt::sync
