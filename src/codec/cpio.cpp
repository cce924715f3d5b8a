#include "codec/cpio.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

namespace jaunt::codec {

namespace {

constexpr std::size_t kHeaderBytes = 110;
constexpr std::uint64_t kNameBytesMax = 4096;
constexpr std::string_view kTrailer{"TRAILER!!!\0", 11};

struct Header {
  std::uint64_t size = 0;
  std::uint64_t name_bytes = 0;
};

std::optional<std::uint64_t> field(std::string_view header, std::size_t at) {
  std::uint32_t value = 0;
  const std::string_view digits = header.substr(at, 8);
  const auto [end, failed] = std::from_chars(digits.begin(), digits.end(), value, 16);
  return failed == std::errc() && end == digits.end() ? std::optional<std::uint64_t>(value) : std::nullopt;
}

std::optional<Header> header_in(std::string_view text) {
  if (!text.starts_with("070701") && !text.starts_with("070702"))
    return std::nullopt;
  const auto size = field(text, 54);
  const auto name_bytes = field(text, 94);
  if (!size || !name_bytes || *name_bytes == 0 || *name_bytes > kNameBytesMax)
    return std::nullopt;
  return Header{*size, *name_bytes};
}

std::uint64_t padded(std::uint64_t value) {
  return (value + 3) / 4 * 4;
}

// Behind the zeros that begin here.
std::uint64_t behind_zeros(const base::File& file, std::uint64_t at, std::uint64_t end) {
  std::array<std::byte, 4096> some;
  while (at < end) {
    const auto wanted = std::span(some).first(std::min<std::uint64_t>(some.size(), end - at));
    const std::size_t got = file.read_some(base::ByteOffset(at), wanted);
    const auto first = std::find_if(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(got),
                                    [](std::byte b) { return b != std::byte{0}; });
    at += static_cast<std::uint64_t>(first - wanted.begin());
    if (got == 0 || first != wanted.begin() + static_cast<std::ptrdiff_t>(got))
      break;
  }
  return at;
}

}  // namespace

CpioParts cpio_parts(const base::File& file, base::ByteOffset begin, base::ByteOffset end) {
  CpioParts parts{.members = {}, .end = begin};
  std::array<char, kHeaderBytes + kTrailer.size()> text{};
  std::uint64_t at = begin.value;
  while (parts.members.size() < kCpioMembersMax && at < end.value && end.value - at >= kHeaderBytes) {
    const std::size_t wanted = std::min<std::uint64_t>(text.size(), end.value - at);
    const std::size_t got =
        file.read_some(base::ByteOffset(at), std::as_writable_bytes(std::span(text)).first(wanted));
    const std::string_view seen(text.data(), got);
    const auto header = got < kHeaderBytes ? std::nullopt : header_in(seen);
    if (!header)
      break;
    const std::uint64_t content = begin.value + padded(at - begin.value + kHeaderBytes + header->name_bytes);
    if (content > end.value || header->size > end.value - content)
      break;
    if (header->size > 0)
      parts.members.push_back({base::ByteOffset(content), base::ByteCount(header->size)});
    at = begin.value + padded(content - begin.value + header->size);
    parts.end = base::ByteOffset(std::min(at, end.value));
    if (header->name_bytes == kTrailer.size() && seen.substr(kHeaderBytes) == kTrailer) {
      parts.end = base::ByteOffset(behind_zeros(file, parts.end.value, end.value));
      break;
    }
  }
  return parts;
}

}  // namespace jaunt::codec
