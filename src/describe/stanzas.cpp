#include "describe/stanzas.hpp"

#include <algorithm>

#include "describe/splitting.hpp"

namespace jaunt::describe {

namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char character) {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character;
  });
  return result;
}

}  // namespace

void for_each_stanza(std::string_view text, const std::function<void(const Stanza&)>& consumer) {
  Stanza stanza;
  std::string* current = nullptr;
  const auto close = [&] {
    if (!stanza.empty())
      consumer(stanza);
    stanza.clear();
    current = nullptr;
  };
  for (const auto line : lines(text)) {
    if (line.starts_with('#'))
      continue;
    if (trimmed(line).empty()) {
      close();
    } else if (line.starts_with(' ') || line.starts_with('\t')) {
      if (current != nullptr)
        current->append("\n").append(trimmed(line));
    } else if (const auto parts = cut(line, ":"); parts && !parts->first.empty()) {
      current = &stanza[lower(parts->first)];
      *current = parts->second;
    }
  }
  close();
}

std::string_view field(const Stanza& stanza, std::string_view name) {
  const auto found = stanza.find(name);
  return found == stanza.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace jaunt::describe
