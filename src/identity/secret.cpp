#include "identity/secret.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/error.hpp"

namespace jaunt::identity {

void fill_randomly(std::span<std::byte> bytes) {
  base::invariant(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) == 1,
                  "the operating system gives random bytes");
}

base::Hash32 proof_of(const Secret& secret, std::string_view purpose, base::ByteView bytes) {
  base::Bytes message;
  base::append_le(message, static_cast<std::uint32_t>(purpose.size()));
  const auto named = base::as_bytes(purpose);
  message.insert(message.end(), named.begin(), named.end());
  message.insert(message.end(), bytes.begin(), bytes.end());
  base::Hash32 proof;
  std::size_t length = 0;
  const auto* const made = EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, secret.data(), secret.size(),
                                     reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                                     reinterpret_cast<unsigned char*>(proof.data()), proof.size(), &length);
  base::invariant(made != nullptr && length == proof.size(), "HMAC-SHA-256 can be computed");
  return proof;
}

bool same_proof(const base::Hash32& left, const base::Hash32& right) {
  return CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace jaunt::identity
