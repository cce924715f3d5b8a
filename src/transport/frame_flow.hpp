// Frames of one direction cut into numbered pieces and put together again, within a credit that bounds what the
// receiver has to keep. No I/O; whoever shares one between threads locks it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "base/bytes.hpp"
#include "base/units.hpp"
#include "transport/link.hpp"
#include "transport/piece.hpp"

namespace jaunt::transport {

// What a receiver keeps at most for a sender who is ahead: a whole frame under way, and enough beyond it to keep a
// long link full. Every piece counts as its bytes and kPieceCost.
inline constexpr std::uint64_t kCreditBytes = kFrameBytesMax.value + 8 * base::kMiB;
inline constexpr std::uint64_t kPieceCost = 64;

class FrameCutter {
 public:
  void add(base::Bytes frame);
  // What comes after all frames: `end`, then `leave`. Each once.
  void add(PieceKind farewell);
  // Nobody wants them any more. The other side sees a link that was left in the middle.
  void drop_frames();
  // The other side takes so much in all. Less than it said before is news that was late.
  void grant(std::uint64_t total);

  // Appends the next piece; false when there is none, or no credit for it.
  bool append_next(base::Bytes& out);

  bool empty() const { return frames_.empty() && farewells_.empty(); }
  std::uint64_t queued_bytes() const { return queued_; }

 private:
  bool append_part(base::Bytes& out);

  std::deque<base::Bytes> frames_;
  std::deque<PieceKind> farewells_;
  std::size_t at_ = 0;  // within the first frame
  std::uint64_t queued_ = 0;
  std::uint64_t granted_ = 0;
  std::uint64_t spent_ = 0;
  std::uint32_t number_ = 0;
};

class FrameJoiner {
 public:
  // Pieces in any order. Throws corrupt and limit when the sender breaks the rules.
  void add(const Piece& piece);

  // The next whole frame; its credit is given back.
  std::optional<base::Bytes> take();
  bool has_frame() const { return !frames_.empty(); }

  // The new total, when it is worth telling the sender.
  std::optional<std::uint64_t> grant();

  bool ended() const { return ended_; }  // with the frames before it, which may still be here
  bool left() const { return left_; }

 private:
  struct Kept {
    PieceKind kind;
    base::Bytes bytes;
  };
  void put_in_order(PieceKind kind, base::ByteView bytes);

  std::map<std::uint32_t, Kept> early_;                       // by number; they wrap
  std::deque<std::pair<base::Bytes, std::uint64_t>> frames_;  // with what they cost
  base::Bytes frame_;
  std::uint64_t frame_cost_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t granted_ = kCreditBytes;
  std::uint32_t next_ = 0;
  bool ended_ = false;
  bool left_ = false;
};

}  // namespace jaunt::transport
