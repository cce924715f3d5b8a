// A screen for people, line by line; no line is wider than the terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "terminal.hpp"

namespace jaunt::cli {

// A column of a table; one without a width is left out.
struct Column {
  std::size_t width;
  bool right = false;
};

class Page {
 public:
  static constexpr std::size_t kLabel = 12;  // the column of values

  explicit Page(const Terminal& terminal) : terminal_(terminal) {}

  void title(std::string_view text);
  // Nothing where the value is empty.
  void field(std::string_view label, std::string_view value);
  // A line that is cut where it does not fit.
  void item(std::string_view label, std::string_view text);
  // One line of a table.
  void row(const std::vector<Column>& columns, const std::vector<std::string>& cells, Tone tone = Tone::plain);
  void line(std::string_view text, std::size_t indent = 2, Tone tone = Tone::plain);
  void gap() { text_ += "\n"; }

  const Terminal& terminal() const { return terminal_; }
  std::string take() { return std::move(text_); }

 private:
  const Terminal& terminal_;
  std::string text_;
};

// Those that are not empty.
std::string joined(const std::vector<std::string>& parts, const char* separator = ", ");

}  // namespace jaunt::cli
