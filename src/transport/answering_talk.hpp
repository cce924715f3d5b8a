// A talk of which it is not known yet whether it is a link's or a pairing.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "transport/talk.hpp"

namespace jaunt::transport {

// Becomes what make() makes once the other side has said what it wants.
class AnsweringTalk : public Talk {
 public:
  using Make = std::function<std::unique_ptr<Talk>(Purpose)>;

  AnsweringTalk(Make make, const Patience& patience, Moment now)
      : make_(std::move(make)), patience_(patience), began_(now) {}

  void secured(const TlsStream& stream, Moment now) override {
    real_ = make_(stream.purpose());
    real_->on_wish_to_say(std::move(wake_));
    real_->secured(stream, now);
  }
  void heard(const Piece& piece, Moment now) override { real_->heard(piece, now); }
  void say(base::Bytes& pieces, Moment now) override { real_->say(pieces, now); }
  void tick(Moment now) override {
    if (real_)
      return real_->tick(now);
    if (now - began_ > patience_.handshake)
      throw base::Error(base::ErrorKind::peer, "greet", "the other node", "it took too long to show its key");
  }
  bool over() const override { return real_ && real_->over(); }
  void heard_end() override {
    if (real_)
      real_->heard_end();
    else
      Talk::heard_end();
  }
  bool is_leaving() const override { return real_ && real_->is_leaving(); }
  const base::Error* refusal() const override { return real_ ? real_->refusal() : nullptr; }
  void lost(const base::Error& why) override {
    if (real_)
      real_->lost(why);
  }
  void on_wish_to_say(std::function<void()> wake) override { wake_ = std::move(wake); }
  bool count(const Moved& moved, Moment now) override { return real_ && real_->count(moved, now); }
  RateLimit* sending_limit() override { return real_ ? real_->sending_limit() : nullptr; }
  RateLimit* receiving_limit() override { return real_ ? real_->receiving_limit() : nullptr; }

 private:
  const Make make_;
  const Patience patience_;
  const Moment began_;
  std::function<void()> wake_;
  std::unique_ptr<Talk> real_;
};

}  // namespace jaunt::transport
