#include "describe/splitting.hpp"

#include <string>

#include "base/error.hpp"

namespace jaunt::describe {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::vector<std::string_view> words(std::string_view line, std::size_t words_max) {
  std::vector<std::string_view> result;
  for (line = trimmed(line); !line.empty(); line = trimmed(line)) {
    const auto end = result.size() + 1 == words_max ? line.size() : std::min(line.find_first_of(" \t"), line.size());
    result.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return result;
}

std::vector<std::string_view> lines(std::string_view text) {
  std::vector<std::string_view> result;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    result.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

std::optional<std::pair<std::string_view, std::string_view>> cut(std::string_view text, std::string_view mark) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos)
    return std::nullopt;
  return std::pair(trimmed(text.substr(0, at)), trimmed(text.substr(at + mark.size())));
}

void Splitter::add(std::string_view piece) {
  while (!piece.empty()) {
    const auto end = piece.find(end_);
    if (rest_.size() + std::min(end, piece.size()) > bytes_max_)
      throw base::Error(base::ErrorKind::limit, "read", "the guest",
                        "an entry has more than " + std::to_string(bytes_max_) + " bytes");
    if (end == std::string_view::npos) {
      rest_.append(piece);
      return;
    }
    if (rest_.empty()) {
      consumer_(piece.substr(0, end));
    } else {
      rest_.append(piece.substr(0, end));
      consumer_(rest_);
      rest_.clear();
    }
    piece.remove_prefix(end + 1);
  }
}

void Splitter::finish() {
  if (!rest_.empty())
    consumer_(rest_);
  rest_.clear();
}

}  // namespace jaunt::describe
