// What a peer may ask of this node.
#pragma once

#include <string>
#include <string_view>

#include "identity/peers.hpp"
#include "transport/messages.hpp"

namespace jaunt::engine {

// Throws auth, with the command that would grant it. Whatever is not known to be harmless needs the verb `send`.
// `realm` is the one whose machines are served.
void check_granted(const transport::Body& question, const identity::Grants& grants, std::string_view realm,
                   const std::string& peer);

}  // namespace jaunt::engine
