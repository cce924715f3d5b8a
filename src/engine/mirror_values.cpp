#include "engine/mirror_values.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/config_value.hpp"

namespace jaunt::engine {

namespace {

constexpr std::size_t kMirrorsMax = 100;

// A URL has colons, by which other lists are cut in the environment.
std::optional<std::vector<std::string>> list_of(const Written& written) {
  if (written.form == Written::Form::list)
    return written.list;
  if (written.form != Written::Form::untyped)
    return std::nullopt;
  std::vector<std::string> list;
  for (std::string_view rest = written.text; !rest.empty();) {
    const auto end = std::min(rest.find(';'), rest.size());
    std::string_view one = rest.substr(0, end);
    one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
    if (!one.empty())
      list.emplace_back(one);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return list;
}

bool is_url(std::string_view text) {
  const bool known = text.starts_with("http://") || text.starts_with("https://") || text.starts_with("file:///");
  return known && std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  while (!line.empty()) {
    const auto end = std::min(line.find(' '), line.size());
    if (end > 0)
      words.emplace_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

std::optional<model::Repository> repository_of(const std::string& line) {
  std::vector<std::string> words = words_of(line);
  const bool rpm = words.size() == 2 && words.front() == "rpm";
  if (!words.empty() && (rpm || words.front() == "deb"))
    words.erase(words.begin());
  model::Repository repository{
      .format = rpm ? "rpm" : "apt", .uri = {}, .suite = {}, .components = {}, .enabled = true, .file = "mirror.sources"};
  if (words.empty() || !is_url(words.front()))
    return std::nullopt;
  repository.uri = words.front();
  if (rpm)
    return repository;
  if (words.size() < 2 || (words[1].ends_with('/') ? words.size() > 2 : words.size() < 3))
    return std::nullopt;
  repository.suite = words[1];
  repository.components.assign(words.begin() + 2, words.end());
  return repository;
}

std::string toml_list(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) {
    std::string escaped;
    for (const char c : base::printable(value))
      escaped += c == '"' || c == '\\' ? fmt::format("\\{}", c) : std::string(1, c);
    text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", escaped);
  }
  return "[" + text + "]";
}

}  // namespace

Complaint assign(MirrorSources& value, const Written& written) {
  const auto lines = list_of(written);
  MirrorSources sources;
  for (const std::string& line : lines.value_or(std::vector<std::string>{""})) {
    auto repository = repository_of(line);
    if (!repository || sources.lines.size() == kMirrorsMax)
      return "must be a list of mirrors such as \"http://mirror.example.org/debian bookworm main\" or "
             "\"rpm http://mirror.example.org/repository\"";
    sources.lines.push_back(line);
    sources.repositories.push_back(*std::move(repository));
  }
  value = std::move(sources);
  return std::nullopt;
}

Complaint assign(MirrorArchives& value, const Written& written) {
  const auto urls = list_of(written);
  if (!urls || urls->size() > kMirrorsMax || !std::ranges::all_of(*urls, is_url))
    return "must be a list of URLs such as \"http://archive.example.org/debian\"";
  value.urls = *urls;
  return std::nullopt;
}

std::string to_toml(const MirrorSources& value) {
  return toml_list(value.lines);
}
std::string to_toml(const MirrorArchives& value) {
  return toml_list(value.urls);
}

}  // namespace jaunt::engine
