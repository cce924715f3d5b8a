#include "identity/credentials.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/error.hpp"
#include "identity/key_pair.hpp"

namespace jaunt::identity {

namespace {

struct Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, Free>;

template <typename Write, typename Thing>
base::Bytes der_of(const Write& write, Thing* thing) {
  const int length = write(thing, nullptr);
  base::invariant(length > 0, "OpenSSL can write what it made");
  base::Bytes bytes(static_cast<std::size_t>(length));
  auto* at = reinterpret_cast<unsigned char*>(bytes.data());
  base::invariant(write(thing, &at) == length, "OpenSSL writes as much as it said");
  return bytes;
}

}  // namespace

Credentials Credentials::of(const NodeKey& key) {
  EVP_PKEY* const pair = key.pair_->key;
  const Certificate certificate(X509_new());
  base::invariant(certificate != nullptr, "a certificate can be made");
  X509* const x509 = certificate.get();
  X509_NAME* const name = X509_get_subject_name(x509);
  const auto* const common_name = reinterpret_cast<const unsigned char*>("jaunt");
  const bool made =
      X509_set_version(x509, X509_VERSION_3) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(x509), 1) == 1 &&
      ASN1_TIME_set_string_X509(X509_getm_notBefore(x509), "19700101000000Z") == 1 &&
      ASN1_TIME_set_string_X509(X509_getm_notAfter(x509), "99991231235959Z") == 1 &&
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0) == 1 &&
      X509_set_issuer_name(x509, name) == 1 && X509_set_pubkey(x509, pair) == 1 && X509_sign(x509, pair, nullptr) > 0;
  base::invariant(made, "a certificate can be signed with its own key");
  return {.certificate = der_of(i2d_X509, x509), .private_key = der_of(i2d_PrivateKey, pair)};
}

std::optional<PublicKey> key_of_certificate(base::ByteView der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  const EVP_PKEY* const key = certificate ? X509_get0_pubkey(certificate.get()) : nullptr;
  PublicKey result;
  std::size_t length = result.bytes.size();
  const bool told =
      key != nullptr && EVP_PKEY_is_a(key, "ED25519") == 1 &&
      EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(result.bytes.data()), &length) == 1 &&
      length == result.bytes.size();
  ERR_clear_error();
  return told ? std::optional(result) : std::nullopt;
}

}  // namespace jaunt::identity
