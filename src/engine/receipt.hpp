// The signed record of a finished teleport: what came from where, and what lies here now.
#pragma once

#include <filesystem>
#include <string>

#include "engine/home.hpp"
#include "engine/teleport_job.hpp"
#include "identity/node_key.hpp"
#include "identity/peers.hpp"

namespace jaunt::engine {

// Two lines of JSON: what is said, and who signed exactly those bytes. A node without a key signs nothing.
std::string receipt_of(const TeleportSummary& summary, const Home& home);

struct CheckedReceipt {
  std::string said;         // the first line
  identity::PublicKey key;  // that signed it
};
// Throws corrupt where it is none, auth where nobody signed it, verify where the signature is of other bytes.
CheckedReceipt check_receipt(const std::string& text);

// What the signer is called here: "this node", or a peer's name. Throws auth where it is neither.
std::string signer_of(const CheckedReceipt& receipt, const Home& home);

}  // namespace jaunt::engine
