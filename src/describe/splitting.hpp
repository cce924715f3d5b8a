// Cutting the output of tools into lines and words.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jaunt::describe {

// The whole of `word` as a number, or nullopt.
template <std::integral Integer>
std::optional<Integer> number(std::string_view word, int radix = 10) {
  Integer value{};
  const auto [end, trouble] = std::from_chars(word.data(), word.data() + word.size(), value, radix);
  if (trouble != std::errc() || end != word.data() + word.size())
    return std::nullopt;
  return value;
}

// Without spaces, tabs and line ends on both sides.
std::string_view trimmed(std::string_view text);

// Between runs of spaces and tabs; at most `words_max`, the last of which holds the rest.
std::vector<std::string_view> words(std::string_view line, std::size_t words_max = 64);

// Without their ends; a last line may lack its end.
std::vector<std::string_view> lines(std::string_view text);

// What is before and after the first `mark`, both trimmed; nullopt without one.
std::optional<std::pair<std::string_view, std::string_view>> cut(std::string_view text, std::string_view mark);

// Turns a stream of pieces into units that end with one character, without it.
class Splitter {
 public:
  // A unit longer than `bytes_max` is a limit Error.
  Splitter(char end, std::size_t bytes_max, std::function<void(std::string_view)> consumer)
      : end_(end), bytes_max_(bytes_max), consumer_(std::move(consumer)) {}

  void add(std::string_view piece);
  // Hands on what came after the last end, unless it is empty.
  void finish();

 private:
  const char end_;
  const std::size_t bytes_max_;
  const std::function<void(std::string_view)> consumer_;
  std::string rest_;
};

}  // namespace jaunt::describe
