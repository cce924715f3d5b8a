#include "identity/invite_token.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/error.hpp"
#include "base/hash.hpp"

namespace jaunt::identity {

using base::Error;
using base::ErrorKind;

namespace {

constexpr std::string_view kPrefix = "jaunt-";
constexpr std::string_view kDigits = "abcdefghijklmnopqrstuvwxyz234567";  // RFC 4648, base 32
constexpr std::byte kVersion{1};
constexpr std::size_t kCheckBytes = 4;
constexpr std::size_t kTextMax = 1024;

std::string to_base32(base::ByteView bytes) {
  std::string text;
  std::uint32_t group = 0;
  unsigned bits = 0;
  for (const std::byte b : bytes) {
    group = group << 8 | std::to_integer<std::uint32_t>(b);
    for (bits += 8; bits >= 5; bits -= 5)
      text += kDigits[group >> (bits - 5) & 31];
  }
  if (bits > 0)
    text += kDigits[group << (5 - bits) & 31];
  return text;
}

// Exactly what to_base32 writes, else nullopt.
std::optional<base::Bytes> from_base32(std::string_view text) {
  base::Bytes bytes;
  std::uint32_t group = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const auto value = kDigits.find(c);
    if (value == kDigits.npos)
      return std::nullopt;
    group = group << 5 | static_cast<std::uint32_t>(value);
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push_back(static_cast<std::byte>(group >> bits & 0xFF));
    }
  }
  return to_base32(bytes) == text ? std::optional(std::move(bytes)) : std::nullopt;
}

void append_check(base::Bytes& bytes) {
  const base::Hash32 hash = base::sha256(bytes);
  bytes.insert(bytes.end(), hash.begin(), hash.begin() + kCheckBytes);
}

std::string without_blanks(std::string_view text) {
  std::string kept;
  for (const char c : text)
    if (c >= 'A' && c <= 'Z')
      kept += static_cast<char>(c - 'A' + 'a');
    else if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
      kept += c;
  return kept;
}

[[noreturn]] void refuse(ErrorKind kind, const char* cause) {
  throw Error(kind, "understand", "the invitation", cause,
              "paste the whole text that `jaunt node invite` printed on the other host");
}

}  // namespace

std::string to_text(const InviteToken& token) {
  base::Bytes bytes{kVersion};
  bytes.insert(bytes.end(), token.node.bytes.begin(), token.node.bytes.end());
  bytes.insert(bytes.end(), token.secret.begin(), token.secret.end());
  append_check(bytes);
  return std::string(kPrefix) + to_base32(bytes);
}

InviteToken parse_invite_token(std::string_view pasted) {
  if (pasted.size() > kTextMax)
    refuse(ErrorKind::limit, "it is too long");
  const std::string text = without_blanks(pasted);
  if (!text.starts_with(kPrefix))
    refuse(ErrorKind::corrupt, "it does not begin with \"jaunt-\"");
  const auto bytes = from_base32(std::string_view(text).substr(kPrefix.size()));
  if (!bytes || bytes->size() <= kCheckBytes)
    refuse(ErrorKind::corrupt, "some of its letters are missing or wrong");
  base::Bytes checked(bytes->begin(), bytes->end() - kCheckBytes);
  append_check(checked);
  if (checked != *bytes)
    refuse(ErrorKind::corrupt, "some of its letters are missing or wrong");
  if (bytes->front() != kVersion)
    throw Error(ErrorKind::unsupported, "understand", "the invitation", "it was made by a newer version of jaunt",
                "use the same version on both hosts");
  InviteToken token;
  if (bytes->size() != 1 + token.node.bytes.size() + token.secret.size() + kCheckBytes)
    refuse(ErrorKind::corrupt, "it has a wrong length");
  auto at = bytes->begin() + 1;
  std::copy_n(at, token.node.bytes.size(), token.node.bytes.begin());
  std::copy_n(at + static_cast<std::ptrdiff_t>(token.node.bytes.size()), token.secret.size(), token.secret.begin());
  return token;
}

}  // namespace jaunt::identity
