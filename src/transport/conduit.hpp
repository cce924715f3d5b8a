// One connection without its socket: TLS, and a talk in pieces over it.
#pragma once

#include <memory>

#include "base/bytes.hpp"
#include "transport/piece.hpp"
#include "transport/talk.hpp"
#include "transport/tls_stream.hpp"

namespace jaunt::transport {

// Every function may throw what ends the connection; after that only last_words() is of use.
// One thread.
class Conduit {
 public:
  Conduit(TlsStream stream, std::shared_ptr<Talk> talk) : stream_(std::move(stream)), talk_(std::move(talk)) {}

  void arrive(base::ByteView bytes, Moment now);
  // The other side's socket has ended.
  void arrive_end();
  void tick(Moment now) { talk_->tick(now); }

  // What the socket has to send now.
  base::ByteView output(Moment now);
  // After a failure: what tells the other side.
  base::ByteView last_words() const { return stream_.output(); }
  void sent(std::size_t bytes) { stream_.drop_output(bytes); }

  // Nothing is left to be sent, and nothing will be.
  bool over() const { return closed_ && stream_.output().empty(); }

  Talk& talk() { return *talk_; }

 private:
  TlsStream stream_;
  std::shared_ptr<Talk> talk_;
  PieceReader reader_;
  base::Bytes plain_;
  bool told_ = false;
  bool closed_ = false;
};

}  // namespace jaunt::transport
