#include "transport/tls_stream.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/error.hpp"
#include "base/units.hpp"
#include "identity/credentials.hpp"

namespace jaunt::transport {

using base::Error;
using base::ErrorKind;

namespace {

constexpr long kCertificateBytesMax = 4096;
constexpr std::size_t kPlainBytes = 16UL * 1024;          // in one record
constexpr std::uint64_t kRekeyBytes = 64 * base::kGiB;  // AES-GCM wants a new key long before it wears out

// As ALPN carries them, each behind its length.
constexpr std::string_view kLinkName = "\x0ajaunt/link";
constexpr std::string_view kPairingName = "\x0djaunt/pairing";

struct Free {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using Context = std::unique_ptr<SSL_CTX, Free>;

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

base::Bytes der_of(X509* certificate) {
  const int length = i2d_X509(certificate, nullptr);
  base::Bytes der(static_cast<std::size_t>(std::max(length, 0)));
  auto* at = reinterpret_cast<unsigned char*>(der.data());
  if (length > 0)
    i2d_X509(certificate, &at);
  return der;
}

}  // namespace

struct TlsTerms::Contexts {
  Context dialling;
  Context answering;
};

struct TlsStream::State {
  TlsTerms terms;
  std::unique_ptr<SSL, Free> ssl = {};
  BIO* in = nullptr;   // owned by ssl
  BIO* out = nullptr;  // owned by ssl
  AcceptKey accept = {};
  AcceptPurpose speaks = {};
  Purpose purpose = Purpose::link;
  bool answers = false;
  bool secured = false;
  std::optional<identity::PublicKey> peer_key = {};  // shown; proven and accepted once secured
  std::optional<Error> refused = {};
  std::uint64_t written = 0;
  std::size_t dropped = 0;  // of what `out` holds

  static State& of(const SSL* ssl) { return *static_cast<State*>(SSL_get_app_data(ssl)); }
  static int judge_certificate(X509_STORE_CTX* store, void*);
  static int choose_purpose(SSL* ssl, const unsigned char** chosen, unsigned char* chosen_length,
                            const unsigned char* offered, unsigned offered_length, void*);

  bool judge(const std::optional<identity::PublicKey>& key);
  [[noreturn]] void fail(int code);
  Error alert_error(unsigned long code) const;
};

bool TlsStream::State::judge(const std::optional<identity::PublicKey>& key) {
  try {
    if (!key)
      refused.emplace(ErrorKind::auth, "trust", "the other node", "it shows no Ed25519 key");
    else if (!accept(*key, purpose))
      refused.emplace(ErrorKind::auth, "trust", fmt::format("the node {}", to_text(identity::id_of(*key))),
                      "it is not the one that is expected");
    else
      peer_key = key;
  } catch (const Error& failure) {
    refused = failure;
  }
  return !refused;
}

// Instead of OpenSSL's walk to an authority, of which there is none. That the peer has the key's private half is
// proven by the handshake itself.
int TlsStream::State::judge_certificate(X509_STORE_CTX* store, void*) {
  auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  X509* const certificate = X509_STORE_CTX_get0_cert(store);
  const auto key = certificate == nullptr ? std::nullopt : identity::key_of_certificate(der_of(certificate));
  if (State::of(ssl).judge(key)) {
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
  }
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
  return 0;
}

int TlsStream::State::choose_purpose(SSL* ssl, const unsigned char** chosen, unsigned char* chosen_length,
                                     const unsigned char* offered, unsigned offered_length, void*) {
  State& state = State::of(ssl);
  const std::string_view list(reinterpret_cast<const char*>(offered), offered_length);
  for (const auto& [name, purpose] : {std::pair(kLinkName, Purpose::link), std::pair(kPairingName, Purpose::pairing)})
    if (list == name && state.speaks(purpose)) {
      state.purpose = purpose;
      *chosen = offered + 1;
      *chosen_length = static_cast<unsigned char>(offered_length - 1);
      return SSL_TLSEXT_ERR_OK;
    }
  state.refused.emplace(
      ErrorKind::auth, "talk to", "the other node",
      list == kPairingName ? "it wants to pair, and no invitation is open" : "it does not speak jaunt's protocol");
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// What the other side's alert means here.
Error TlsStream::State::alert_error(unsigned long code) const {
  const int reason = ERR_GET_REASON(code);
  const bool alert = reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256;
  if (reason == SSL_AD_REASON_OFFSET + SSL_AD_BAD_CERTIFICATE)
    return Error(ErrorKind::auth, "be trusted by", "the other node", "it does not know this node's key",
                 "pair them: `jaunt node invite` there, `jaunt node pair` here");
  if (reason == SSL_AD_REASON_OFFSET + SSL_AD_NO_APPLICATION_PROTOCOL)
    return Error(
        ErrorKind::auth, "talk to", "the other node",
        purpose == Purpose::pairing ? "no invitation is open there" : "it is no jaunt node",
        purpose == Purpose::pairing ? "`jaunt node invite` there makes one, for ten minutes" : "check its address");
  if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_AD_REASON_OFFSET + SSL_AD_PROTOCOL_VERSION)
    return Error(ErrorKind::incompatible, "talk to", "the other node", "it does not speak TLS 1.3");
  const char* const text = code == 0 ? nullptr : ERR_reason_error_string(code);
  return Error(alert ? ErrorKind::peer : ErrorKind::corrupt, "talk to", "the other node",
               fmt::format("TLS: {}", text == nullptr ? "it broke the protocol" : text),
               secured ? "" : "check that a jaunt node listens at this address");
}

void TlsStream::State::fail(int code) {
  const unsigned long reason = ERR_peek_last_error();
  ERR_clear_error();
  if (refused)
    throw Error(*refused);
  if (code == SSL_ERROR_ZERO_RETURN)
    throw Error(ErrorKind::peer, "talk to", "the other node", "it ended the connection");
  throw alert_error(reason);
}

TlsTerms::TlsTerms(const identity::NodeKey& key) : own_key_(key.public_key()) {
  const auto own = identity::Credentials::of(key);
  const auto make = [&](const SSL_METHOD* method) {
    Context made(SSL_CTX_new(method));
    SSL_CTX* const context = made.get();
    const auto* const certificate = reinterpret_cast<const unsigned char*>(own.certificate.data());
    const auto* const private_key = reinterpret_cast<const unsigned char*>(own.private_key.data());
    const bool usable =
        context != nullptr && SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
        SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
        SSL_CTX_set_ciphersuites(context,
                                 "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384") == 1 &&
        SSL_CTX_set1_groups_list(context, "X25519") == 1 && SSL_CTX_set1_sigalgs_list(context, "ed25519") == 1 &&
        SSL_CTX_use_certificate_ASN1(context, static_cast<int>(own.certificate.size()), certificate) == 1 &&
        SSL_CTX_use_PrivateKey_ASN1(EVP_PKEY_ED25519, context, private_key,
                                    static_cast<long>(own.private_key.size())) == 1;
    base::invariant(usable, "OpenSSL offers TLS 1.3 with Ed25519 and X25519");
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_max_early_data(context, 0);
    SSL_CTX_set_max_cert_list(context, kCertificateBytesMax);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_cert_verify_callback(context, &TlsStream::State::judge_certificate, nullptr);
    return made;
  };
  auto contexts = std::make_shared<Contexts>();
  contexts->dialling = make(TLS_client_method());
  contexts->answering = make(TLS_server_method());
  SSL_CTX_set_alpn_select_cb(contexts->answering.get(), &TlsStream::State::choose_purpose, nullptr);
  contexts_ = std::move(contexts);
}

TlsStream::TlsStream(std::unique_ptr<State> state) : state_(std::move(state)) {
  const auto& contexts = *state_->terms.contexts_;
  state_->ssl.reset(SSL_new(state_->answers ? contexts.answering.get() : contexts.dialling.get()));
  SSL* const ssl = state_->ssl.get();
  state_->in = BIO_new(BIO_s_mem());
  state_->out = BIO_new(BIO_s_mem());
  base::invariant(ssl != nullptr && state_->in != nullptr && state_->out != nullptr, "a TLS connection can be made");
  BIO_set_mem_eof_return(state_->in, -1);  // empty means later, not over
  SSL_set_bio(ssl, state_->in, state_->out);
  SSL_set_app_data(ssl, state_.get());
  if (state_->answers) {
    SSL_set_accept_state(ssl);
  } else {
    const std::string_view name = state_->purpose == Purpose::link ? kLinkName : kPairingName;
    base::invariant(SSL_set_alpn_protos(ssl, raw(name), static_cast<unsigned>(name.size())) == 0,
                    "a purpose can be named");
    SSL_set_connect_state(ssl);
    base::Bytes nothing;
    advance(nothing);
  }
}

TlsStream TlsStream::dial(const TlsTerms& terms, Purpose purpose, AcceptKey accept) {
  return TlsStream(std::make_unique<State>(State{.terms = terms, .accept = std::move(accept), .purpose = purpose}));
}

TlsStream TlsStream::answer(const TlsTerms& terms, AcceptKey accept, AcceptPurpose speaks) {
  return TlsStream(std::make_unique<State>(
      State{.terms = terms, .accept = std::move(accept), .speaks = std::move(speaks), .answers = true}));
}

TlsStream::~TlsStream() = default;
TlsStream::TlsStream(TlsStream&&) noexcept = default;

void TlsStream::arrive(base::ByteView bytes, base::Bytes& plain) {
  const int taken = BIO_write(state_->in, bytes.data(), static_cast<int>(bytes.size()));
  base::invariant(taken == static_cast<int>(bytes.size()), "memory takes what arrives");
  advance(plain);
}

void TlsStream::advance(base::Bytes& plain) {
  SSL* const ssl = state_->ssl.get();
  ERR_clear_error();
  if (!state_->secured) {
    if (const int done = SSL_do_handshake(ssl); done != 1) {
      const int code = SSL_get_error(ssl, done);
      if (code == SSL_ERROR_WANT_READ)
        return;
      state_->fail(code);
    }
    const unsigned char* name = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(ssl, &name, &length);
    if (length == 0)
      throw Error(ErrorKind::peer, "talk to", "the other node", "it does not speak jaunt's protocol",
                  "check its address");
    state_->secured = true;
  }
  while (true) {
    const std::size_t before = plain.size();
    plain.resize(before + kPlainBytes);
    std::size_t got = 0;
    const int done = SSL_read_ex(ssl, plain.data() + before, kPlainBytes, &got);
    plain.resize(before + (done == 1 ? got : 0));
    if (done == 1)
      continue;
    const int code = SSL_get_error(ssl, done);
    if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_ZERO_RETURN)
      return;
    state_->fail(code);
  }
}

bool TlsStream::secured() const {
  return state_->secured;
}

Purpose TlsStream::purpose() const {
  return state_->purpose;
}

const identity::PublicKey& TlsStream::peer_key() const {
  base::invariant(state_->secured && state_->peer_key, "a key is asked for once it is proven");
  return *state_->peer_key;
}

base::Hash32 TlsStream::exported(const char* label) const {
  base::Hash32 bytes{};
  const int done =
      SSL_export_keying_material(state_->ssl.get(), reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(),
                                 label, std::char_traits<char>::length(label), nullptr, 0, 0);
  base::invariant(state_->secured && done == 1, "a secured connection exports");
  return bytes;
}

void TlsStream::write(base::ByteView plain) {
  base::invariant(state_->secured, "nothing is said before the connection is secured");
  SSL* const ssl = state_->ssl.get();
  ERR_clear_error();
  state_->written += plain.size();
  if (state_->written > kRekeyBytes) {
    state_->written = 0;
    SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
  }
  std::size_t done = 0;
  if (!plain.empty() && SSL_write_ex(ssl, plain.data(), plain.size(), &done) != 1)
    state_->fail(SSL_get_error(ssl, 0));
}

void TlsStream::close() {
  ERR_clear_error();
  if (state_->secured)
    SSL_shutdown(state_->ssl.get());
  ERR_clear_error();
}

bool TlsStream::peer_closed() const {
  return (SSL_get_shutdown(state_->ssl.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

base::ByteView TlsStream::output() const {
  char* start = nullptr;
  const long length = BIO_get_mem_data(state_->out, &start);
  return std::as_bytes(std::span(start, static_cast<std::size_t>(std::max(length, 0L)))).subspan(state_->dropped);
}

void TlsStream::drop_output(std::size_t bytes) {
  const std::size_t left = output().size();
  base::invariant(bytes <= left, "no more is dropped than there is");
  state_->dropped = bytes == left ? 0 : state_->dropped + bytes;
  if (bytes == left)
    BIO_reset(state_->out);
}

}  // namespace jaunt::transport
