// Pairing as it is spoken over one connection: both sides prove that they know the invitation's secret, each over
// this very connection, so that nobody between them can use what he overhears or passes on.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "identity/secret.hpp"
#include "transport/greeting.hpp"
#include "transport/talk.hpp"

namespace jaunt::transport {

// What a side says of itself.
struct OwnWords {
  std::string name;
  std::uint16_t port = 0;
};

// The other node, once it has proven that it knows the secret.
struct Acquaintance {
  identity::PublicKey key;
  std::string name;  // as it would like to be called; foreign
  std::uint16_t port = 0;
};

// The side that was invited.
class InvitedTalk : public Talk {
 public:
  using Done = std::function<void(const Acquaintance*, const base::Error*)>;  // one of them; once

  InvitedTalk(const identity::PublicKey& own_key, const identity::Secret& secret, OwnWords words,
              const Patience& patience, Done done, Moment now);

  void secured(const TlsStream& stream, Moment now) override;
  void heard(const Piece& piece, Moment now) override;
  void say(base::Bytes& pieces, Moment now) override;
  void tick(Moment now) override;
  bool over() const override { return over_; }
  void lost(const base::Error& why) override;

 private:
  const identity::PublicKey own_key_;
  const identity::Secret secret_;
  const OwnWords words_;
  const Patience patience_;
  Done done_;
  const Moment began_;
  identity::PublicKey peer_key_;
  base::Bytes bound_to_;
  bool said_ = true;
  bool over_ = false;
};

// The side that invited.
class InviterTalk : public Talk {
 public:
  // Uses up the invitation whose secret the other side knows and pins its key; throws why it is refused.
  using Knows = std::function<bool(const identity::Secret&)>;
  using Redeem = std::function<void(const Knows&, const Acquaintance&)>;

  InviterTalk(const identity::PublicKey& own_key, OwnWords words, const Patience& patience, Redeem redeem,
              Moment now);

  void secured(const TlsStream& stream, Moment now) override;
  void heard(const Piece& piece, Moment now) override;
  void say(base::Bytes& pieces, Moment now) override;
  void tick(Moment now) override;
  bool over() const override { return said_; }
  void lost(const base::Error&) override {}
  const base::Error* refusal() const override { return refusal_ ? &*refusal_ : nullptr; }

 private:
  void judge(const Introduction& theirs);

  const identity::PublicKey own_key_;
  const OwnWords words_;
  const Patience patience_;
  const Redeem redeem_;
  const Moment began_;
  identity::PublicKey peer_key_;
  base::Bytes bound_to_;
  std::optional<base::Bytes> answer_;
  std::optional<base::Error> refusal_;
  bool said_ = false;
};

}  // namespace jaunt::transport
