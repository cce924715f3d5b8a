#include "engine/extents_text.hpp"

#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "base/error.hpp"

namespace jaunt::engine {

namespace {

[[noreturn]] void refuse() {
  throw base::Error(base::ErrorKind::corrupt, "read", "sets of extents", "a line is not of pairs of numbers");
}

std::uint64_t take_number(std::string_view& line) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
  if (error != std::errc{})
    refuse();
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  if (!line.empty() && line.front() != ' ')
    refuse();
  line.remove_prefix(line.empty() ? 0 : 1);
  return number;
}

}  // namespace

std::string to_text(const std::vector<model::ExtentSet>& sets) {
  std::string text;
  for (const model::ExtentSet& set : sets) {
    for (const model::Extent& extent : set.extents())
      text += fmt::format("{}{} {}", &extent == &set.extents().front() ? "" : " ", extent.offset.value,
                          extent.length.value);
    text += '\n';
  }
  return text;
}

std::vector<model::ExtentSet> extents_from_text(std::string_view text) {
  std::vector<model::ExtentSet> sets;
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (end == text.npos)
      refuse();
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    model::ExtentSet& set = sets.emplace_back();
    while (!line.empty()) {
      const std::uint64_t offset = take_number(line);
      const std::uint64_t length = take_number(line);
      if (length == 0 || offset > std::numeric_limits<std::uint64_t>::max() - length)
        refuse();
      set.insert({base::ByteOffset(offset), base::ByteCount(length)});
    }
  }
  return sets;
}

}  // namespace jaunt::engine
