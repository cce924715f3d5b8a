// What the reader's terminal can do.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace jaunt::cli {

// Of one of our output streams. Colours are off on pipes, on dumb terminals, and wherever NO_COLOR is set.
struct Terminal {
  bool interactive = false;
  bool colours = false;
  std::size_t width = 100;  // in columns

  static Terminal of(int fd);
};

enum class Tone { plain, strong, faint, good, warning, bad };

std::string painted(const Terminal& terminal, Tone tone, std::string_view text);

// How many columns a terminal needs for this printable text.
std::size_t columns(std::string_view text);

// The text in exactly `width` columns: filled with spaces, or cut with an ellipsis in the middle.
std::string fitted(std::string_view text, std::size_t width);
// The same of a path: its first folders go before anything else does, and the last folder keeps its beginning.
std::string fitted_path(std::string_view path, std::size_t width);
// As fitted(), filled on the left.
std::string fitted_right(std::string_view text, std::size_t width);

}  // namespace jaunt::cli
