#include "describe/yum_repo.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "describe/splitting.hpp"

namespace jaunt::describe {

namespace {

constexpr std::size_t kRepositoriesMax = 10'000;

// One section while it is read.
struct Section {
  std::string id;
  std::vector<std::string> uris;
  bool enabled = true;
  std::string key;  // of the last line, which an indented one continues
};

void close(Section& section, std::vector<model::Repository>& result, const std::string& file) {
  for (const auto& uri : section.uris) {
    if (result.size() >= kRepositoriesMax)
      throw base::Error(base::ErrorKind::limit, "read", file, "it has too many repositories");
    result.push_back({.format = "rpm",
                      .uri = uri,
                      .suite = section.id,
                      .components = {},
                      .enabled = section.enabled,
                      .file = file});
  }
  section = {};
}

void add_uris(Section& section, std::string_view value) {
  std::string spaced(value);
  std::replace(spaced.begin(), spaced.end(), ',', ' ');
  for (const auto word : words(spaced, kRepositoriesMax))
    section.uris.emplace_back(word);
}

void set(Section& section, std::string_view value) {
  if (section.key == "baseurl" || section.key == "mirrorlist" || section.key == "metalink")
    add_uris(section, value);
  else if (section.key == "enabled")
    section.enabled = !(value == "0" || value == "no" || value == "false" || value == "False");
}

}  // namespace

std::vector<model::Repository> parse_yum_repo(std::string_view text, const std::string& file) {
  std::vector<model::Repository> result;
  Section section;
  for (const auto line : lines(text)) {
    const auto content = trimmed(line);
    if (content.empty() || content.starts_with('#') || content.starts_with(';'))
      continue;
    if (line.starts_with('[')) {
      close(section, result, file);
      const auto end = content.find(']');
      section.id = end == std::string_view::npos ? "" : std::string(content.substr(1, end - 1));
    } else if (line.starts_with(' ') || line.starts_with('\t')) {
      set(section, content);
    } else if (const auto parts = cut(content, "="); parts && !section.id.empty() && section.id != "main") {
      section.key = parts->first;
      set(section, parts->second);
    }
  }
  close(section, result, file);
  return result;
}

}  // namespace jaunt::describe
