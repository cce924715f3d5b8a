// How two nodes come to know each other.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "engine/config.hpp"
#include "engine/home.hpp"
#include "identity/invitations.hpp"
#include "identity/node_key.hpp"
#include "identity/peers.hpp"
#include "transport/network.hpp"

namespace jaunt::engine {

struct Invitation {
  std::string token;         // secret
  std::int64_t expires = 0;  // seconds since 1970
};

// Throws not_found before the node has a key.
Invitation invite(const Home& home, const identity::InvitationTerms& terms);

struct PairOptions {
  std::optional<std::string> name = {};  // of the other node here; by default as it calls itself
  identity::Grants grants = {};          // what it may do here
};

// Meets the node that made the token at this address, and pins it. Returns it as it is kept.
identity::Peer pair_with(const std::string& address, const std::string& token, const PairOptions& options,
                         const Home& home, const Config& config, const base::CancelToken& cancel);

// How this node honours its invitations: for the listener.
class Inviting {
 public:
  using Log = std::function<void(const std::string&)>;

  Inviting(const Home& home, const identity::PublicKey& own_key, Log log);

  bool open();
  // Pins whoever knows an invitation's secret, and uses that up; throws auth otherwise.
  void redeem(const transport::InviterTalk::Knows& knows, const transport::Acquaintance& them,
              const std::string& host);

 private:
  identity::InvitationBook invitations_;
  identity::PeerBook peers_;
  const identity::PublicKey own_key_;
  const Log log_;
};

// What this node says of itself while it pairs.
transport::OwnWords own_words(const Config& config);

}  // namespace jaunt::engine
