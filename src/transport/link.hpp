// Opaque frames to and from one peer.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/units.hpp"

namespace jaunt::transport {

inline constexpr base::ByteCount kFrameBytesMax{16 * base::kMiB};
inline constexpr std::uint64_t kFrameHeaderBytes = 4;  // each frame goes behind its length

// Everything that crossed, framing included.
struct Traffic {
  std::uint64_t frames = 0;
  base::ByteCount bytes;

  bool operator==(const Traffic&) const = default;
};

// What a link has shown of itself so far; a measure that is absent is not known yet.
struct Measured {
  std::optional<base::ByteCount> sending;               // in a second, while more was waiting to be sent
  std::optional<std::chrono::microseconds> round_trip;  // the shortest
};

// One end of a connection; frames arrive whole and in order. One thread at a time sends and one receives. Destroying
// it before close() tells the peer that this side is gone.
class Link {
 public:
  virtual ~Link() = default;

  virtual const std::string& peer() const = 0;  // for messages

  // Waits while the peer is too far behind. A frame beyond kFrameBytesMax is a broken invariant; a peer that is gone
  // or has closed is an error of kind peer.
  virtual void send(base::Bytes frame) = 0;
  // Waits for the next frame; nullopt when the peer has closed. A peer that is gone is an error of kind peer.
  virtual std::optional<base::Bytes> receive() = 0;
  // Nothing more comes from this side; receiving goes on.
  virtual void close() = 0;

  // From now on this side asks: that nothing comes for long is the peer's right.
  virtual void wait_for_answers() {}

  virtual Traffic sent() const = 0;
  virtual Traffic received() const = 0;
  virtual Measured measured() const { return {}; }

  // ---- any thread; for links whose two ends are not one process

  // From now on a peer is given up, by an error of kind peer, that for so long has neither asked anything, nor told
  // that it is at work, nor taken what is sent to it, though it is not this side's turn.
  virtual void give_up_when_idle(std::chrono::milliseconds /*longest*/) {}
  // Tells the peer that this side gets on, though it has nothing to ask just now.
  virtual void tell_at_work() {}
};

}  // namespace jaunt::transport
