#include "describe/os_release.hpp"

#include "describe/splitting.hpp"

namespace jaunt::describe {

std::string pretty_name(std::string_view os_release) {
  constexpr std::string_view kKey = "PRETTY_NAME=";
  for (const auto line : lines(os_release)) {
    if (!line.starts_with(kKey))
      continue;
    auto value = trimmed(line.substr(kKey.size()));
    const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'');
    if (quoted && value.back() == value.front())
      value = value.substr(1, value.size() - 2);
    return std::string(value);
  }
  return {};
}

}  // namespace jaunt::describe
