#include "identity/node_key.hpp"

#include <algorithm>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "identity/key_pair.hpp"

namespace jaunt::identity {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

namespace {

constexpr base::ByteCount kKeyFileBytesMax{4096};

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Context = std::unique_ptr<EVP_MD_CTX, Free>;
using Pkey = std::unique_ptr<EVP_PKEY, Free>;

PublicKey public_half(const EVP_PKEY* key) {
  PublicKey result;
  std::size_t length = result.bytes.size();
  const bool told =
      EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(result.bytes.data()), &length) == 1;
  base::invariant(told && length == result.bytes.size(), "an Ed25519 key has a public half of 32 bytes");
  return result;
}

// No two purposes can make the same bytes.
base::Bytes signed_bytes(std::string_view purpose, base::ByteView bytes) {
  base::Bytes all;
  const auto prefix = base::as_bytes("jaunt signature");
  all.insert(all.end(), prefix.begin(), prefix.end());
  base::append_le(all, static_cast<std::uint32_t>(purpose.size()));
  const auto named = base::as_bytes(purpose);
  all.insert(all.end(), named.begin(), named.end());
  all.insert(all.end(), bytes.begin(), bytes.end());
  return all;
}

const unsigned char* raw(base::ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

NodeKey::Pair::~Pair() {
  EVP_PKEY_free(key);
}

std::string openssl_failure() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "OpenSSL does not say why" : reason;
}

NodeId id_of(const PublicKey& key) {
  base::Sha256 hasher;
  hasher.update(base::as_bytes("jaunt node")).update(key.bytes);
  const base::Hash32 hash = hasher.finish();
  NodeId id;
  std::copy_n(hash.begin(), id.bytes.size(), id.bytes.begin());
  return id;
}

std::string to_text(const NodeId& id) {
  return base::to_hex(id.bytes);
}

NodeKey::NodeKey(std::shared_ptr<const Pair> pair) : pair_(std::move(pair)), public_key_(public_half(pair_->key)) {}

NodeKey NodeKey::generate() {
  EVP_PKEY* const key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  if (key == nullptr)
    throw Error(ErrorKind::io, "make", "a key", openssl_failure());
  return NodeKey(std::make_shared<const Pair>(key));
}

NodeKey NodeKey::create(const fs::path& home) {
  const fs::path path = home / kNodeKeyFileName;
  const auto refuse_second = [&] {
    throw Error(ErrorKind::busy, "make", path.string(), "this node has a key already, by which others know it",
                "jaunt node show");
  };
  if (fs::exists(path))
    refuse_second();
  NodeKey made = generate();
  const Bio text(BIO_new(BIO_s_secmem()));
  if (!text || PEM_write_bio_PrivateKey(text.get(), made.pair_->key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    throw Error(ErrorKind::io, "write", path.string(), openssl_failure());
  char* start = nullptr;
  const long length = BIO_get_mem_data(text.get(), &start);
  base::AtomicFile file(path, 0600);
  file.file().write_all(base::ByteOffset(0), base::as_bytes({start, static_cast<std::size_t>(length)}));
  try {
    file.commit(base::AtomicFile::Existing::keep);
  } catch (const Error&) {
    if (fs::exists(path))
      refuse_second();
    throw;
  }
  return made;
}

NodeKey NodeKey::load(const fs::path& home) {
  const fs::path path = home / kNodeKeyFileName;
  if (!fs::exists(path))
    throw Error(ErrorKind::not_found, "read", path.string(), "this node has no key yet", "jaunt node init");
  const auto status = base::File::open(path, O_RDONLY).stat();
  if ((status.st_mode & 077) != 0)
    throw Error(ErrorKind::auth, "use", path.string(), "others may read or write it",
                fmt::format("chmod 600 {}; if somebody did read it, remove it and pair anew", path.string()));
  std::string text = base::read_text_file(path, kKeyFileBytesMax);
  Pkey key;
  if (const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); bio) {
    const auto no_password = [](char*, int, int, void*) { return -1; };
    key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  }
  std::fill(text.begin(), text.end(), '\0');
  if (!key || EVP_PKEY_is_a(key.get(), "ED25519") != 1)
    throw Error(ErrorKind::corrupt, "read", path.string(), "it is no Ed25519 key in PEM",
                "bring it back from a backup, or remove it and pair anew");
  return NodeKey(std::make_shared<const Pair>(key.release()));
}

Signature NodeKey::sign(std::string_view purpose, base::ByteView bytes) const {
  const base::Bytes all = signed_bytes(purpose, bytes);
  Signature signature{};
  std::size_t length = signature.size();
  const Context context(EVP_MD_CTX_new());
  const bool done = context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, pair_->key) == 1 &&
                    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                                   raw(all), all.size()) == 1;
  base::invariant(done && length == signature.size(), "a key signs");
  return signature;
}

bool verify(const PublicKey& key, std::string_view purpose, base::ByteView bytes, const Signature& signature) {
  const base::Bytes all = signed_bytes(purpose, bytes);
  const Pkey known(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, raw(key.bytes), key.bytes.size()));
  const Context context(EVP_MD_CTX_new());
  const bool genuine = known && context &&
                       EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, known.get()) == 1 &&
                       EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(all), all.size()) == 1;
  ERR_clear_error();
  return genuine;
}

}  // namespace jaunt::identity
