// What is said over one secured connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "transport/piece.hpp"
#include "transport/rate_limit.hpp"
#include "transport/tls_stream.hpp"

namespace jaunt::transport {

// How long things may take.
struct Patience {
  std::chrono::milliseconds connect{5'000};     // until a host answers at all
  std::chrono::milliseconds handshake{10'000};  // from then until both have said hello
  std::chrono::milliseconds ping{10'000};       // without a word, after which a peer is asked whether it is there
  std::chrono::milliseconds silence{40'000};    // after which it is gone
  std::chrono::milliseconds idle{3'600'000};    // for a visitor who asks nothing, though nothing is owed to him
  std::chrono::milliseconds farewell{5'000};    // for what is still under way when a link is left
  std::chrono::milliseconds tick{500};          // how often these are looked at
};

// When a link is given more than one connection: a lost packet holds back only the connection that lost it, and
// several grow faster than one.
struct Width {
  unsigned connections = 4;
  std::chrono::microseconds round_trip_min{10'000};
  std::uint64_t bytes_min = 1 << 20;  // that it has carried
};

// One side of it: values in, values out, told the time. Errors end the connection. One thread.
class Talk {
 public:
  virtual ~Talk() = default;

  virtual void secured(const TlsStream& stream, Moment now) = 0;
  virtual void heard(const Piece& piece, Moment now) = 0;
  // Appends some of what is to be said, about 64 KiB at most; nothing when there is nothing.
  virtual void say(base::Bytes& pieces, Moment now) = 0;
  // From time to time. Throws when the other side takes too long.
  virtual void tick(Moment now) = 0;
  // Everything is said: the connection ends when it is sent.
  virtual bool over() const = 0;
  // The other side says no more on this connection, and all it said was heard.
  virtual void heard_end() {
    if (!over())
      throw base::Error(base::ErrorKind::peer, "hear from", "the other node", "it ended the connection");
  }
  // Nobody waits for it but what is still to be said.
  virtual bool is_leaving() const { return over(); }
  // Why the other side is sent away, where that is what is said.
  virtual const base::Error* refusal() const { return nullptr; }
  // The connection has ended; after over() that is no failure.
  virtual void lost(const base::Error& why) = 0;

  // `wake` may be called by any thread when there is something to say, until the connection has ended.
  virtual void on_wish_to_say(std::function<void()> /*wake*/) {}  // NOLINT: who has something to say keeps it
  // Bytes that the socket moved, and whether more than it took was waiting to be sent since the last call.
  struct Moved {
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    bool kept_busy = false;
  };
  // False: nobody counts yet; they are told again.
  virtual bool count(const Moved& /*moved*/, Moment /*now*/) { return false; }
  // Of this talk alone; nullptr: none.
  virtual RateLimit* sending_limit() { return nullptr; }
  virtual RateLimit* receiving_limit() { return nullptr; }
};

}  // namespace jaunt::transport
