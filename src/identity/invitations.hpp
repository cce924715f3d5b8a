// The invitations that this node has given out and that are still good.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "identity/node_key.hpp"
#include "identity/peers.hpp"
#include "identity/secret.hpp"

namespace jaunt::identity {

inline constexpr std::chrono::seconds kInvitationLasts = std::chrono::minutes(10);
inline constexpr std::size_t kInvitationsMax = 64;

// What was promised to whoever comes with it.
struct InvitationTerms {
  std::string name;  // what it will be called here; empty: as it calls itself
  Grants grants;
};

// HOME/invitations.json (0600), which holds no secret that is no longer good. Any process and thread; each change is
// one durable step.
class InvitationBook {
 public:
  using Moment = std::int64_t;  // seconds since 1970
  using Knows = std::function<bool(const Secret&)>;

  explicit InvitationBook(std::filesystem::path home) : home_(std::move(home)) {}

  Secret invite(const InvitationTerms& terms, Moment now);

  // Whether any is still good; those that are not are forgotten.
  bool open(Moment now);

  // The terms of the one whose secret the other node knows. It is used up by that before this returns, and good for
  // nobody but that node, which may ask again when it did not hear the answer.
  std::optional<InvitationTerms> redeem(const Knows& knows, const PublicKey& by, Moment now);

 private:
  std::filesystem::path home_;
};

}  // namespace jaunt::identity
