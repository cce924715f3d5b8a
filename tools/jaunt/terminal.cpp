#include "terminal.hpp"

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <cwchar>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace jaunt::cli {

namespace {

constexpr std::size_t kWidthMin = 60;   // below, tables make no sense; lines break
constexpr std::size_t kWidthMax = 160;  // lines longer than this are hard to read

// Bytes and columns of the UTF-8 character at the start of the text.
struct Glyph {
  std::size_t bytes;
  std::size_t columns;
};

Glyph first_glyph(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text[0]);
  const std::size_t bytes = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
  if (bytes == 1 || bytes > text.size())
    return {1, 1};
  wchar_t point = static_cast<wchar_t>(byte & (0xFFu >> (bytes + 1)));
  for (std::size_t i = 1; i < bytes; ++i)
    point = static_cast<wchar_t>(point << 6 | (text[i] & 0x3F));
  const int width = ::wcwidth(point);
  return {bytes, width < 0 ? 1 : static_cast<std::size_t>(width)};
}

// The longest beginning that fits.
std::string_view head(std::string_view text, std::size_t width) {
  std::size_t used = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const Glyph glyph = first_glyph(text.substr(at));
    if (used + glyph.columns > width)
      break;
    used += glyph.columns;
    at += glyph.bytes;
  }
  return text.substr(0, at);
}

// The longest end that fits.
std::string_view tail(std::string_view text, std::size_t width) {
  while (columns(text) > width)
    text.remove_prefix(first_glyph(text).bytes);
  return text;
}

std::string cut(std::string_view text, std::size_t width) {
  if (columns(text) <= width)
    return std::string(text);
  if (width < 3)
    return std::string(head(text, width));
  const std::size_t left = (width - 1) / 2;
  return std::string(head(text, left)) + "…" + std::string(tail(text, width - 1 - left));
}

}  // namespace

Terminal Terminal::of(int fd) {
  Terminal terminal;
  terminal.interactive = ::isatty(fd) != 0;
  if (!terminal.interactive)
    return terminal;
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    terminal.width = std::clamp<std::size_t>(size.ws_col, kWidthMin, kWidthMax);
  const char* const no_color = std::getenv("NO_COLOR");
  const char* const kind = std::getenv("TERM");
  const bool unwanted = no_color != nullptr && *no_color != '\0';
  terminal.colours = !unwanted && kind != nullptr && std::string_view(kind) != "dumb";
  return terminal;
}

std::string painted(const Terminal& terminal, Tone tone, std::string_view text) {
  if (!terminal.colours || tone == Tone::plain || text.empty())
    return std::string(text);
  const char* const code = tone == Tone::strong    ? "1"
                           : tone == Tone::faint   ? "2"
                           : tone == Tone::good    ? "32"
                           : tone == Tone::warning ? "33"
                                                   : "31";
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    const Glyph glyph = first_glyph(text);
    count += glyph.columns;
    text.remove_prefix(glyph.bytes);
  }
  return count;
}

std::string fitted(std::string_view text, std::size_t width) {
  std::string result = cut(text, width);
  return result + std::string(width - columns(result), ' ');
}

std::string fitted_path(std::string_view path, std::size_t width) {
  const auto file = path.rfind('/');
  const auto folder = file == path.npos || file == 0 ? path.npos : path.rfind('/', file - 1);
  if (columns(path) <= width || folder == path.npos)
    return fitted(path, width);
  for (auto at = path.find('/', 1); at <= folder; at = path.find('/', at + 1))
    if (columns(path.substr(at)) < width)
      return fitted("…" + std::string(path.substr(at)), width);
  const std::string name = "…" + std::string(path.substr(file));
  const std::string place = "…" + std::string(path.substr(folder, file - folder));
  if (columns(name) * 2 > width)
    return fitted(path.substr(folder + 1), width);
  return fitted(std::string(head(place, width - columns(name))) + name, width);
}

std::string fitted_right(std::string_view text, std::size_t width) {
  const std::string result = cut(text, width);
  return std::string(width - columns(result), ' ') + result;
}

}  // namespace jaunt::cli
