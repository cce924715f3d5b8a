#include "engine/pairing.hpp"

#include <ctime>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "hypervisor/ability.hpp"
#include "identity/invite_token.hpp"

namespace jaunt::engine {

using base::Error;
using base::ErrorKind;
using identity::Peer;

Invitation invite(const Home& home, const identity::InvitationTerms& terms) {
  const auto key = identity::NodeKey::load(home.path());
  const std::int64_t now = std::time(nullptr);
  const identity::Secret secret = identity::InvitationBook(home.path()).invite(terms, now);
  return {.token = to_text(identity::InviteToken{.node = key.id(), .secret = secret}),
          .expires = now + identity::kInvitationLasts.count()};
}

Peer pair_with(const std::string& address, const std::string& token, const PairOptions& options, const Home& home,
               const Config& config, const base::CancelToken& cancel) {
  const auto key = identity::NodeKey::load(home.path());
  const auto invitation = identity::parse_invite_token(token);
  const transport::Address at = transport::parse_address(address);
  if (invitation.node == key.id())
    throw Error(ErrorKind::usage, "pair with", base::printable(address), "the invitation is this node's own",
                "`jaunt node invite` is for the one host, `jaunt node pair` for the other");
  transport::Network network(key, {.limit = config.node_limit.timetable});
  const auto is_inviter = [&](const identity::PublicKey& shown) { return id_of(shown) == invitation.node; };
  const transport::Acquaintance them =
      network.pair({.peer = "", .address = at, .expected = is_inviter}, invitation.secret, own_words(config), cancel);
  return identity::PeerBook(home.path())
      .add({.name = options.name.value_or(identity::peer_name_from(them.name)),
            .key = them.key,
            .address = to_text(at),
            .grants = options.grants,
            .paired = std::time(nullptr)},
           options.name.has_value());
}

Inviting::Inviting(const Home& home, const identity::PublicKey& own_key, Log log)
    : invitations_(home.path()), peers_(home.path()), own_key_(own_key), log_(std::move(log)) {}

bool Inviting::open() {
  return invitations_.open(std::time(nullptr));
}

void Inviting::redeem(const transport::InviterTalk::Knows& knows, const transport::Acquaintance& them,
                      const std::string& host) {
  const std::int64_t now = std::time(nullptr);
  const auto terms = them.key == own_key_ ? std::nullopt : invitations_.redeem(knows, them.key, now);
  if (!terms)
    throw Error(ErrorKind::auth, "pair with", fmt::format("the node {}", to_text(identity::id_of(them.key))),
                "it knows no invitation that is open", "`jaunt node invite` makes a new one");
  const std::string address = them.port == 0 ? "" : to_text(transport::Address{.host = host, .port = them.port});
  const Peer kept = peers_.add({.name = terms->name.empty() ? identity::peer_name_from(them.name) : terms->name,
                                .key = them.key,
                                .address = address,
                                .grants = terms->grants,
                                .paired = now},
                               !terms->name.empty());
  log_(fmt::format("paired with {} at {}, the node {}", kept.name, host, to_text(identity::id_of(kept.key))));
}

transport::OwnWords own_words(const Config& config) {
  return {.name = hypervisor::host_name().substr(0, transport::kGreetingNameBytesMax),
          .port = config.node_listen.addresses.front().port};
}

}  // namespace jaunt::engine
