// The text that invites another node: whom it will meet, and a secret by which both know each other.
#pragma once

#include <string>
#include <string_view>

#include "identity/node_key.hpp"
#include "identity/secret.hpp"

namespace jaunt::identity {

struct InviteToken {
  NodeId node;
  Secret secret{};

  bool operator==(const InviteToken&) const = default;
};

// "jaunt-" and 60 letters and digits.
std::string to_text(const InviteToken& token);

// As it was pasted: blanks and line ends around and within it do not matter, nor do capitals. Throws corrupt when it
// is not a token or mistyped, unsupported when it is one of a newer version.
InviteToken parse_invite_token(std::string_view pasted);

}  // namespace jaunt::identity
