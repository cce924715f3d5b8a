#include "mirror/deb_index.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "base/error.hpp"

namespace jaunt::mirror {

namespace {

constexpr std::size_t kValueBytesMax = 4096;
constexpr std::uint64_t kStanzasMax = 5'000'000;
constexpr std::uint64_t kInstalledUnit = 1024;  // of Installed-Size
constexpr std::uint64_t kSizeMax = 16 * base::kGiB;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

std::optional<std::uint64_t> number(std::string_view word) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(word.data(), word.data() + word.size(), value);
  return failed == std::errc() && end == word.data() + word.size() && value <= kSizeMax ? std::optional(value)
                                                                                       : std::nullopt;
}

// The fields that count; views into the index.
struct Stanza {
  std::string_view package, version, architecture, filename, size, installed, sha256;

  std::string_view* field(std::string_view name) {
    if (name == "Package")
      return &package;
    if (name == "Version")
      return &version;
    if (name == "Architecture")
      return &architecture;
    if (name == "Filename")
      return &filename;
    if (name == "Size")
      return &size;
    if (name == "Installed-Size")
      return &installed;
    if (name == "SHA256")
      return &sha256;
    return nullptr;
  }
};

std::optional<base::Hash32> hash_of(std::string_view digits) {
  const auto bytes = base::from_hex(digits);
  if (!bytes || bytes->size() != sizeof(base::Hash32))
    return std::nullopt;
  base::Hash32 hash;
  std::ranges::copy(*bytes, hash.begin());
  return hash;
}

void tell(const Stanza& stanza, const std::string& root, WantedPackages& wanted) {
  if (!wanted.wants(stanza.package) || !is_safe_path(stanza.filename))
    return;
  wanted.note_folder(stanza.package, root + url_path(stanza.filename.substr(0, stanza.filename.rfind('/') + 1)));
  const auto size = number(stanza.size);
  if (!size || *size == 0)
    return;
  wanted.offer({.package = {.name = std::string(stanza.package),
                            .version = std::string(stanza.version),
                            .arch = std::string(stanza.architecture)},
                .url = root + url_path(stanza.filename),
                .size = base::ByteCount(*size),
                .installed = base::ByteCount(number(stanza.installed).value_or(0) * kInstalledUnit),
                .sha256 = hash_of(stanza.sha256)});
}

}  // namespace

bool is_safe_path(std::string_view path) {
  if (path.empty() || path.size() > kValueBytesMax || path.front() == '/')
    return false;
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("./_+-~%:^").find(c) != std::string_view::npos;
  };
  if (!std::ranges::all_of(path, plain) || path.find("://") != path.npos)
    return false;
  for (std::size_t at = 0; at <= path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    if (path.substr(at, end - at) == "..")
      return false;
    at = end + 1;
  }
  return true;
}

std::string url_path(std::string_view path) {
  std::string result;
  for (const char c : path)
    result += c == '%' ? std::string("%25") : c == '^' ? std::string("%5e") : std::string(1, c);
  return result;
}

void read_deb_index(std::string_view text, const std::string& root, WantedPackages& wanted) {
  Stanza stanza;
  std::uint64_t stanzas = 0;
  const auto close = [&] {
    if (stanza.package.empty())
      return;
    if (++stanzas > kStanzasMax)
      throw base::Error(base::ErrorKind::limit, "read", "an index of packages", "it lists too many");
    tell(stanza, root, wanted);
    stanza = {};
  };
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (trimmed(line).empty()) {
      close();
      continue;
    }
    const auto colon = line.find(':');
    if (colon == line.npos || line.size() > kValueBytesMax)
      continue;
    if (std::string_view* const field = stanza.field(line.substr(0, colon)))
      *field = trimmed(line.substr(colon + 1));
  }
  close();
}

}  // namespace jaunt::mirror
