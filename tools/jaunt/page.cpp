#include "page.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "help.hpp"

namespace jaunt::cli {

namespace {

std::string cut_to(std::string_view text, std::size_t width) {
  return columns(text) <= width ? std::string(text) : fitted(text, width);
}

}  // namespace

void Page::title(std::string_view text) {
  text_ += (text_.empty() ? "" : "\n") + painted(terminal_, Tone::strong, cut_to(text, terminal_.width)) + "\n";
}

void Page::field(std::string_view label, std::string_view value) {
  if (value.empty())
    return;
  text_ += "  " + painted(terminal_, Tone::faint, fitted(label, kLabel - 2)) +
           wrapped(value, kLabel, terminal_.width) + "\n";
}

void Page::item(std::string_view label, std::string_view text) {
  text_ += "  " + painted(terminal_, Tone::faint, fitted(label, kLabel - 2)) +
           cut_to(text, terminal_.width - kLabel) + "\n";
}

void Page::row(const std::vector<Column>& columns, const std::vector<std::string>& cells, Tone tone) {
  std::string line = " ";
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (columns[i].width > 0)
      line += " " +
              (columns[i].right ? fitted_right(cells[i], columns[i].width) : fitted(cells[i], columns[i].width)) +
              (i + 1 < columns.size() ? " " : "");
  line.erase(line.find_last_not_of(' ') + 1);
  text_ += painted(terminal_, tone, line) + "\n";
}

void Page::line(std::string_view text, std::size_t indent, Tone tone) {
  text_ += std::string(indent, ' ') + painted(terminal_, tone, wrapped(text, indent + 2, terminal_.width)) + "\n";
}

std::string joined(const std::vector<std::string>& parts, const char* separator) {
  std::vector<std::string> known;
  std::copy_if(parts.begin(), parts.end(), std::back_inserter(known), [](const auto& part) { return !part.empty(); });
  return fmt::format("{}", fmt::join(known, separator));
}

}  // namespace jaunt::cli
