// The worked examples of docs/format.md, held against golden files.
#pragma once

#include <optional>
#include <regex>
#include <sstream>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "base/hash.hpp"

namespace jaunt::testing {

// The bytes that a line such as "0010  41ff 07 ...    what it means" shows; nothing where the line is not of that
// form.
inline std::optional<std::pair<std::size_t, std::string>> shown_bytes(const std::string& line) {
  static const std::regex form("([0-9a-f]{4})  ([0-9a-f ]+?)( \\.\\.\\.)?    .*");
  std::smatch match;
  if (!std::regex_match(line, match, form))
    return std::nullopt;
  std::string hex = match[2];
  std::erase(hex, ' ');
  return std::pair(std::stoul(match[1], nullptr, 16), hex);
}

// Checks every line of that form below the heading ("## ..." up to the next one); there must be so many.
inline void check_example(const std::filesystem::path& page_path, const std::string& heading,
                          const std::filesystem::path& golden, std::size_t lines_expected) {
  const std::string file = base::to_hex(base::MappedFile(golden).bytes());
  std::istringstream page(base::read_text_file(page_path, base::ByteCount(base::kMiB)));
  std::size_t lines = 0;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("## "))
      inside = line.starts_with("## " + heading);
    const auto shown = inside ? shown_bytes(line) : std::nullopt;
    if (!shown)
      continue;
    CAPTURE(line);
    CHECK(file.substr(2 * shown->first, shown->second.size()) == shown->second);
    ++lines;
  }
  CHECK(lines == lines_expected);
}

}  // namespace jaunt::testing
