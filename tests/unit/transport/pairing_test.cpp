#include <doctest/doctest.h>

#include "support/failure.hpp"
#include "support/raw_peer.hpp"
#include "support/two_nodes.hpp"

using namespace jaunt;
using namespace jaunt::transport;
using base::ErrorKind;
using test_support::kind_of_failure;
using test_support::RawPeer;
using test_support::TwoNodes;

namespace {

// One invitation, which `secret` opens.
struct Inviting : TwoNodes {
  identity::Secret secret{};
  std::vector<Acquaintance> came;

  Inviting() {
    identity::fill_randomly(secret);
    invites = true;
    redeem = [this](const InviterTalk::Knows& knows, const Acquaintance& them) {
      if (!knows(secret))
        throw base::Error(ErrorKind::auth, "pair with", them.name, "it knows no invitation that is open");
      came.push_back(them);
    };
  }
  Acquaintance pair(const identity::Secret& with) {
    return destination.pair(call(), with, {.name = "destination-host", .port = 7}, cancel);
  }
};

}  // namespace

TEST_CASE("Two nodes that know the same secret learn each other's key and name") {
  Inviting nodes;
  const Acquaintance inviter = nodes.pair(nodes.secret);
  CHECK(inviter.key == nodes.source_key.public_key());
  CHECK(inviter.name == "source-host");
  REQUIRE(nodes.came.size() == 1);
  CHECK(nodes.came[0].key == nodes.destination_key.public_key());
  CHECK(nodes.came[0].name == "destination-host");
  CHECK(nodes.came[0].port == 7);
}

TEST_CASE("A wrong secret pairs nobody and is named in the log") {
  Inviting nodes;
  identity::Secret wrong = nodes.secret;
  wrong[0] ^= std::byte{1};
  CHECK(kind_of_failure([&] { nodes.pair(wrong); }) == ErrorKind::auth);
  CHECK(nodes.came.empty());
  CHECK(nodes.log_has("it knows no invitation that is open"));
}

TEST_CASE("Where no invitation is open, nobody can even try") {
  Inviting nodes;
  nodes.invites = false;
  CHECK(kind_of_failure([&] { nodes.pair(nodes.secret); }) == ErrorKind::auth);
  CHECK(nodes.log_has("no invitation is open"));
}

TEST_CASE("An inviter with another key than the invitation names is never told a proof") {
  Inviting nodes;
  Call call = nodes.call();
  call.expected = [](const identity::PublicKey&) { return false; };
  CHECK(kind_of_failure([&] { nodes.destination.pair(call, nodes.secret, {}, {}); }) == ErrorKind::auth);
  CHECK(nodes.came.empty());
}

TEST_CASE("A proof that was made for one connection is worth nothing on another") {
  // What somebody in the middle could do who has overheard, or been sent, the proof of one who was invited.
  Inviting nodes;
  const TlsTerms terms(nodes.destination_key);
  base::Bytes overheard;
  {
    TlsStream invited = TlsStream::dial(terms, Purpose::pairing, [](const auto&, auto) { return true; });
    TlsStream inviter = TlsStream::answer(
        TlsTerms(nodes.source_key), [](const auto&, auto) { return true; }, [](Purpose) { return true; });
    base::Bytes plain;
    for (int i = 0; i < 4; ++i) {
      inviter.arrive(invited.output(), plain);
      invited.drop_output(invited.output().size());
      invited.arrive(inviter.output(), plain);
      inviter.drop_output(inviter.output().size());
    }
    REQUIRE(invited.secured());
    InvitedTalk talk(
        nodes.destination_key.public_key(), nodes.secret, {.name = "destination-host", .port = 7}, {},
        [](const Acquaintance*, const base::Error*) {}, Clock::now());
    talk.secured(invited, Clock::now());
    talk.say(overheard, Clock::now());
    REQUIRE_FALSE(overheard.empty());
  }
  RawPeer replayer(nodes.listener->addresses().front().port, nodes.destination_key, Purpose::pairing);
  replayer.say(overheard);
  const auto refusal = replayer.hear(PieceKind::refusal);
  REQUIRE(refusal);
  CHECK(decode_refusal(*refusal).kind() == ErrorKind::auth);
  CHECK(nodes.came.empty());
}

TEST_CASE("A paired node's link is of no use for pairing, nor a pairing for a link") {
  Inviting nodes;
  RawPeer pairing(nodes.listener->addresses().front().port, identity::NodeKey::generate(), Purpose::pairing);
  pairing.greet();
  CHECK(pairing.hear(PieceKind::hello) == std::nullopt);
  CHECK(nodes.log_has("it says something that has no place in a pairing"));
}
