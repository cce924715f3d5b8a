// A link as it is spoken over one of its connections.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "transport/greeting.hpp"
#include "transport/link_state.hpp"
#include "transport/talk.hpp"

namespace jaunt::transport {

class LinkTalk : public Talk {
 public:
  // Which link a greeting is for, and its id. Throws what the other node is told as a refusal.
  struct Attached {
    std::shared_ptr<LinkState> state;
    LinkId link{};
  };
  using Attach = std::function<Attached(const Greeting&, const identity::PublicKey&)>;
  // Makes further connections for a link.
  using Widen = std::function<void(const LinkId&)>;
  // How fast this side wants to receive now.
  using ReceiveMax = std::function<std::optional<base::ByteCount>()>;

  // The side that dials. A link of zeros is a new one; `widen` is called once it asks for more connections.
  LinkTalk(std::shared_ptr<LinkState> state, const LinkId& link, Widen widen, const Patience& patience,
           ReceiveMax receive_max, Moment now);
  // The side that answers.
  LinkTalk(Attach attach, const Patience& patience, ReceiveMax receive_max, Moment now);

  void secured(const TlsStream& stream, Moment now) override;
  void heard(const Piece& piece, Moment now) override;
  void say(base::Bytes& pieces, Moment now) override;
  void tick(Moment now) override;
  void heard_end() override;
  bool over() const override;
  void lost(const base::Error& why) override;
  const base::Error* refusal() const override { return refusal_ ? &*refusal_ : nullptr; }
  bool is_leaving() const override { return state_ != nullptr && state_->has_left(); }
  void on_wish_to_say(std::function<void()> wake) override { wake_ = std::move(wake); }
  bool count(const Moved& moved, Moment now) override;
  RateLimit* sending_limit() override { return state_ ? &state_->sending_limit() : nullptr; }
  RateLimit* receiving_limit() override { return state_ ? &state_->receiving_limit() : nullptr; }

 private:
  bool greeted() const { return heard_greeting_ && !refusal_; }
  void greet(base::Bytes& pieces, Moment now);
  void heard_greeting(const Piece& piece, Moment now);
  void heard_pong(std::uint64_t number, Moment now);
  void say_limit(base::Bytes& pieces);

  const bool dials_;
  const bool joins_;  // a link that exists
  Widen widen_;
  const Patience patience_;
  const Attach attach_;
  const ReceiveMax receive_max_;
  const Moment began_;
  std::shared_ptr<LinkState> state_;  // on the side that answers once it is greeted
  std::function<void()> wake_;
  LinkId link_{};
  std::optional<identity::PublicKey> peer_key_;
  std::optional<base::Error> refusal_;
  std::optional<base::ByteCount> told_max_;
  bool refusal_said_ = false;
  bool greeting_due_ = false;
  bool heard_greeting_ = false;
  bool heard_end_ = false;
  Moment greeted_at_{};
  Moment heard_at_{};
  Moment left_at_{};
  bool ping_due_ = false;
  std::optional<Moment> pinged_at_;
  std::optional<std::uint64_t> pong_due_;
};

}  // namespace jaunt::transport
