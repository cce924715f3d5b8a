// What a node shows of itself in TLS: a certificate that says nothing but its key.
#pragma once

#include <optional>

#include "base/bytes.hpp"
#include "identity/node_key.hpp"

namespace jaunt::identity {

// Self-signed and the same at every start, because nothing but the key in it is ever looked at. Both as DER; the
// private key is secret.
struct Credentials {
  base::Bytes certificate;
  base::Bytes private_key;

  static Credentials of(const NodeKey& key);
};

// The key in a certificate; nullopt when that is no Ed25519 key.
std::optional<PublicKey> key_of_certificate(base::ByteView der);

}  // namespace jaunt::identity
