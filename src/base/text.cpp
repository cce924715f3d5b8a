#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace jaunt::base {

namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::array kUnits{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

// Length of the well-formed UTF-8 sequence at the start of `text`, or 0. Overlong forms, surrogates, controls
// (C0, DEL, C1) and the bidirectional overrides are refused.
std::size_t safe_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0) == 0x80; };
  const unsigned char first = byte(0);
  if (first < 0x80)
    return first >= 0x20 && first != 0x7F ? 1 : 0;
  std::size_t length = 0;
  std::uint32_t point = 0;
  std::uint32_t least = 0;
  if ((first & 0xE0) == 0xC0) {
    length = 2;
    point = first & 0x1Fu;
    least = 0xA0;  // below lie overlong forms and C1 controls
  } else if ((first & 0xF0) == 0xE0) {
    length = 3;
    point = first & 0x0Fu;
    least = 0x800;
  } else if ((first & 0xF8) == 0xF0) {
    length = 4;
    point = first & 0x07u;
    least = 0x10000;
  } else {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(i))
      return 0;
    point = point << 6 | (byte(i) & 0x3Fu);
  }
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  const bool steers_direction = (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
  const bool separates_lines = point == 0x2028 || point == 0x2029;
  return point < least || point > 0x10FFFF || surrogate || steers_direction || separates_lines ? 0 : length;
}

// Insertions, deletions and replacements that turn one word into the other.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string human_bytes(ByteCount bytes) {
  double value = static_cast<double>(bytes.value);
  std::size_t unit = 0;
  // 1023.5 and more would print as "1024" of the smaller unit.
  while (value >= 1023.5 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  if (unit == 0)
    return fmt::format("{} B", bytes.value);
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f} {}", value, decimals, kUnits[unit]);
}

std::optional<ByteCount> parse_bytes(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc())
    return std::nullopt;
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  constexpr std::string_view prefixes = "KMGTPE";
  unsigned shift = 0;
  if (!unit.empty() && unit != "B") {
    const auto prefix = prefixes.find(unit.front());
    const std::string_view rest = unit.substr(1);
    if (prefix == std::string_view::npos || !(rest.empty() || rest == "B" || rest == "iB"))
      return std::nullopt;
    shift = 10 * (static_cast<unsigned>(prefix) + 1);
  }
  if (number > std::numeric_limits<std::uint64_t>::max() >> shift)
    return std::nullopt;
  return ByteCount(number << shift);
}

std::string printable(std::string_view foreign) {
  std::string safe;
  safe.reserve(foreign.size());
  while (!foreign.empty()) {
    if (const std::size_t length = safe_sequence(foreign); length > 0) {
      safe += foreign.substr(0, length);
      foreign.remove_prefix(length);
    } else {
      safe += fmt::format("\\x{:02x}", static_cast<unsigned char>(foreign.front()));
      foreign.remove_prefix(1);
    }
  }
  return safe;
}

std::optional<std::string> nearest_word(std::string_view word, std::span<const std::string> candidates) {
  std::optional<std::string> nearest;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates)
    if (const std::size_t distance = edit_distance(word, candidate); distance < least) {
      least = distance;
      nearest = candidate;
    }
  return nearest;
}

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    for (std::size_t i = 0; i < 4; ++i)
      text += i <= count ? kBase64[group >> (18 - 6 * i) & 0x3F] : '=';
  }
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0)
    return std::nullopt;
  std::string bytes;
  std::uint32_t group = 0;
  unsigned bits = 0;
  for (const char c : text.substr(0, text.find_last_not_of('=') + 1)) {
    const auto value = kBase64.find(c);
    if (value == std::string_view::npos)
      return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(group >> bits & 0xFF);
    }
  }
  // Writing it again settles the padding and the unused bits of the last digit.
  return to_base64(bytes) == text ? std::optional(std::move(bytes)) : std::nullopt;
}

std::string last_line(std::string_view output) {
  const auto end = output.find_last_not_of(" \t\r\n");
  if (end == std::string_view::npos)
    return {};
  output = output.substr(0, end + 1);
  const auto newline = output.rfind('\n');
  return printable(newline == std::string_view::npos ? output : output.substr(newline + 1));
}

}  // namespace jaunt::base
