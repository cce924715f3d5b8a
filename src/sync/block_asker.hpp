// The destination's questions for blocks: as many under way as keep the link busy, bounded in bytes.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "sync/block_stream.hpp"
#include "sync/delta_choice.hpp"
#include "sync/tile_work.hpp"
#include "transport/messages.hpp"

namespace jaunt::sync {

// What came as deltas.
struct DeltaFigures {
  std::uint64_t tiles = 0;
  base::ByteCount blocks;      // of those
  base::ByteCount deltas;      // that made them, before they were compressed
  base::ByteCount signatures;  // that were sent for it, also where it did not help

  DeltaFigures& operator+=(const DeltaFigures& more) {
    tiles += more.tiles;
    blocks += more.blocks;
    deltas += more.deltas;
    signatures += more.signatures;
    return *this;
  }
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
  using Deliver = std::function<void(TileWork)>;
  // What is here in place of these blocks, as many bytes, or nothing.
  using Former = std::function<base::Bytes(const WireWant&)>;

  // With `former`, tells of former versions where that helps.
  BlockAsker(std::uint32_t disk, BlockStreamReader& stream, Next next, Deliver deliver, Former former = {})
      : disk_(disk),
        stream_(stream),
        next_(std::move(next)),
        deliver_(std::move(deliver)),
        former_(std::move(former)) {}

  std::vector<transport::Message> ask();
  // Throws corrupt errors.
  void receive(const transport::Message& answer);

  bool idle() const { return waiting_.empty(); }  // every question is answered
  const DeltaFigures& deltas() const { return deltas_; }

 private:
  struct Waiting {
    std::uint32_t number = 0;
    std::vector<WireWant> wants;
    std::vector<base::Bytes> former;  // of the wants; empty: of none
    std::size_t blocks = 0;
    std::chrono::steady_clock::time_point asked;
  };

  std::optional<Waiting> next_question();
  std::vector<base::Bytes> tell_former(Waiting& question);
  // How long what comes of each want is.
  std::vector<std::size_t> lengths_of(const Waiting& question, const transport::Blocks& blocks) const;

  std::uint32_t disk_;
  BlockStreamReader& stream_;
  Next next_;
  Deliver deliver_;
  Former former_;
  DeltaChoice choice_;
  DeltaFigures deltas_;
  std::uint32_t next_number_ = 1;
  std::deque<Waiting> waiting_;
  std::optional<WireWant> left_over_;  // did not fit into the last question
  std::uint64_t bytes_waiting_ = 0;
  std::uint64_t former_waiting_ = 0;  // bytes
  AskAhead ahead_;
  std::chrono::steady_clock::time_point last_answer_;
};

}  // namespace jaunt::sync
