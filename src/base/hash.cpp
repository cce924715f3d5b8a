#include "base/hash.hpp"

#include <utility>

#include <openssl/evp.h>

#include "base/error.hpp"
#include "base/sha256_two.hpp"

namespace jaunt::base {

namespace {

// Fetching the algorithm by name costs more than hashing a block, so it is done once.
const EVP_MD* algorithm() {
  static const EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  invariant(md != nullptr, "OpenSSL offers SHA-256");
  return md;
}

}  // namespace

struct Sha256::Context {
  EVP_MD_CTX* md = EVP_MD_CTX_new();
  Context() {
    invariant(md != nullptr && EVP_DigestInit_ex2(md, algorithm(), nullptr) == 1, "a SHA-256 context can be made");
  }
  ~Context() { EVP_MD_CTX_free(md); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::update(ByteView bytes) {
  invariant(EVP_DigestUpdate(context_->md, bytes.data(), bytes.size()) == 1, "SHA-256 takes more bytes");
  return *this;
}

Hash32 Sha256::finish() {
  Hash32 hash;
  const bool done = EVP_DigestFinal_ex(context_->md, reinterpret_cast<unsigned char*>(hash.data()), nullptr) == 1 &&
                    EVP_DigestInit_ex2(context_->md, nullptr, nullptr) == 1;
  invariant(done, "SHA-256 finishes");
  return hash;
}

Hash32 Sha256::of(ByteView bytes) {
  invariant(EVP_DigestInit_ex2(context_->md, nullptr, nullptr) == 1, "SHA-256 starts anew");
  return update(bytes).finish();
}

std::array<Hash32, 2> Sha256::of_two(ByteView first, ByteView second) {
  if (const auto hashes = sha256_two(first, second))
    return *hashes;
  return {of(first), of(second)};
}

Hash32 sha256(ByteView bytes) {
  return Sha256().of(bytes);
}

std::string to_hex(ByteView bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte b : bytes) {
    text += digits[std::to_integer<unsigned>(b) >> 4];
    text += digits[std::to_integer<unsigned>(b) & 15];
  }
  return text;
}

std::optional<Bytes> from_hex(std::string_view digits) {
  constexpr std::string_view values = "0123456789abcdef";
  if (digits.size() % 2 != 0)
    return std::nullopt;
  Bytes bytes;
  bytes.reserve(digits.size() / 2);
  for (std::size_t at = 0; at < digits.size(); at += 2) {
    const auto high = values.find(digits[at]);
    const auto low = values.find(digits[at + 1]);
    if (high == values.npos || low == values.npos)
      return std::nullopt;
    bytes.push_back(static_cast<std::byte>(high << 4 | low));
  }
  return bytes;
}

}  // namespace jaunt::base
