#include "describe/apt_sources.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "describe/splitting.hpp"
#include "describe/stanzas.hpp"

namespace jaunt::describe {

namespace {

constexpr std::size_t kRepositoriesMax = 10'000;

void add(std::vector<model::Repository>& repositories, model::Repository repository) {
  if (repositories.size() >= kRepositoriesMax)
    throw base::Error(base::ErrorKind::limit, "read", repository.file, "it has too many sources");
  repositories.push_back(std::move(repository));
}

// All fields of a value, however it is broken into lines.
std::vector<std::string> fields_of(std::string_view value) {
  std::vector<std::string> result;
  for (const auto line : lines(value))
    for (const auto word : words(line, kRepositoriesMax))
      result.emplace_back(word);
  return result;
}

// The next word; a bracketed part such as "cdrom:[Debian 12 DVD]/" may hold spaces.
std::string_view take_word(std::string_view& rest) {
  rest = trimmed(rest);
  auto end = std::min(rest.find_first_of(" \t["), rest.size());
  if (end < rest.size() && rest[end] == '[')
    end = std::min(rest.find_first_of(" \t", std::min(rest.find(']', end), rest.size())), rest.size());
  const auto word = rest.substr(0, end);
  rest.remove_prefix(end);
  return word;
}

bool says_no(std::string_view value) {
  return value == "no" || value == "false" || value == "without" || value == "off" || value == "disable";
}

}  // namespace

std::vector<model::Repository> parse_apt_list(std::string_view text, const std::string& file) {
  std::vector<model::Repository> result;
  for (auto line : lines(text)) {
    auto rest = line.substr(0, line.find('#'));
    if (take_word(rest) != "deb")
      continue;
    rest = trimmed(rest);
    if (rest.starts_with('['))
      rest.remove_prefix(std::min(rest.find(']'), rest.size() - 1) + 1);
    model::Repository repository{
        .format = "apt", .uri = {}, .suite = {}, .components = {}, .enabled = true, .file = file};
    repository.uri = take_word(rest);
    repository.suite = take_word(rest);
    repository.components = fields_of(rest);
    if (!repository.uri.empty() && !repository.suite.empty())
      add(result, std::move(repository));
  }
  return result;
}

std::vector<model::Repository> parse_apt_sources(std::string_view text, const std::string& file) {
  std::vector<model::Repository> result;
  for_each_stanza(text, [&](const Stanza& stanza) {
    const auto types = fields_of(field(stanza, "types"));
    if (std::find(types.begin(), types.end(), "deb") == types.end())
      return;
    for (const auto& uri : fields_of(field(stanza, "uris")))
      for (const auto& suite : fields_of(field(stanza, "suites")))
        add(result, {.format = "apt",
                     .uri = uri,
                     .suite = suite,
                     .components = fields_of(field(stanza, "components")),
                     .enabled = !says_no(field(stanza, "enabled")),
                     .file = file});
  });
  return result;
}

}  // namespace jaunt::describe
