#include "engine/config_value.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;

namespace {

constexpr unsigned kThreadsMax = 1024;

bool is(const Written& written, Written::Form form) {
  return written.form == form || written.form == Written::Form::untyped;
}

template <class Number>
bool parse_number(const Written& written, Number& value) {
  const char* const end = written.text.data() + written.text.size();
  const auto [stop, failure] = std::from_chars(written.text.data(), end, value);
  return is(written, Written::Form::number) && failure == std::errc() && stop == end;
}

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : base::printable(text))
    result += c == '"' || c == '\\' ? fmt::format("\\{}", c) : std::string(1, c);
  return result + "\"";
}

std::vector<std::string_view> between_commas(std::string_view text) {
  std::vector<std::string_view> parts;
  do {
    const auto comma = std::min(text.find(','), text.size());
    std::string_view one = text.substr(0, comma);
    one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
    parts.push_back(one.substr(0, one.find_last_not_of(' ') + 1));
    text.remove_prefix(std::min(comma + 1, text.size()));
  } while (!text.empty());
  return parts;
}

}  // namespace

Complaint assign(bool& value, const Written& written) {
  if (!is(written, Written::Form::flag) || (written.text != "true" && written.text != "false"))
    return "must be true or false";
  value = written.text == "true";
  return std::nullopt;
}
Complaint assign(unsigned& value, const Written& written) {
  if (!parse_number(written, value) || value > kThreadsMax)
    return fmt::format("must be a whole number from 0 to {}", kThreadsMax);
  return std::nullopt;
}
Complaint assign(base::ByteCount& value, const Written& written) {
  const auto bytes = written.form == Written::Form::flag || written.form == Written::Form::list
                         ? std::nullopt
                         : base::parse_bytes(written.text);
  if (!bytes || bytes->value < base::kMiB)
    return "must be a size of at least 1 MiB such as \"512M\" or \"16GiB\"";
  value = *bytes;
  return std::nullopt;
}
Complaint assign(std::string& value, const Written& written) {
  if (!is(written, Written::Form::text) || written.text.empty())
    return "must be a text that is not empty";
  value = written.text;
  return std::nullopt;
}
Complaint assign(fs::path& value, const Written& written) {
  if (!is(written, Written::Form::text) || !fs::path(written.text).is_absolute())
    return "must be an absolute path";
  value = fs::path(written.text).lexically_normal();
  return std::nullopt;
}
Complaint assign(std::vector<fs::path>& value, const Written& written) {
  std::vector<fs::path> paths;
  for (const std::string& text : written.list)
    paths.push_back(fs::path(text).lexically_normal());
  if (!is(written, Written::Form::list) ||
      !std::all_of(paths.begin(), paths.end(), [](const fs::path& path) { return path.is_absolute(); }))
    return "must be a list of absolute paths";
  value = std::move(paths);
  return std::nullopt;
}
Complaint assign(ListenAddresses& value, const Written& written) {
  ListenAddresses listen{.text = written.text, .addresses = {}};
  try {
    for (const std::string_view one :
         between_commas(is(written, Written::Form::text) ? std::string_view(written.text) : std::string_view()))
      listen.addresses.push_back(transport::parse_address(one));
  } catch (const base::Error&) {
    return "must be addresses such as \":5286\" or \"192.0.2.1, [2001:db8::1]:5286\"";
  }
  value = std::move(listen);
  return std::nullopt;
}
Complaint assign(LinkLimit& value, const Written& written) {
  auto timetable = is(written, Written::Form::text) ? transport::parse_timetable(written.text)
                                                    : std::optional<transport::Timetable>();
  if (!timetable)
    return "must be \"unlimited\", a rate such as \"100Mbit\", or periods such as "
           "\"mon-fri 08:00-18:00 20Mbit, 100Mbit\"";
  value = {.text = written.text, .timetable = std::move(*timetable)};
  return std::nullopt;
}
Complaint assign(NetworkNames& value, const Written& written) {
  NetworkNames networks{.text = written.text, .names = {}};
  const auto sound = [](std::string_view name, std::initializer_list<std::string_view> kinds) {
    const auto colon = name.find(':');
    return colon != name.npos && colon + 1 < name.size() && name.find(' ') == name.npos &&
           std::ranges::find(kinds, name.substr(0, colon)) != kinds.end();
  };
  bool understood = is(written, Written::Form::text);
  if (understood && !written.text.empty())
    for (const std::string_view one : between_commas(written.text)) {
      const auto equals = std::min(one.find('='), one.size());
      const std::string_view from = one.substr(0, equals);
      const std::string_view to = one.substr(std::min(equals + 1, one.size()));
      understood = understood && sound(from, {"network", "bridge", "direct"}) && sound(to, {"network", "bridge"}) &&
                   networks.names.emplace(from, to).second;
    }
  if (!understood)
    return "must be pairs such as \"network:lab=bridge:br0, bridge:br1=network:default\"";
  value = std::move(networks);
  return std::nullopt;
}

Complaint assign(LocalPort& value, const Written& written) {
  if (!parse_number(written, value.number))
    return "must be a port from 1 to 65535, or 0 for none";
  return std::nullopt;
}

Complaint assign(std::chrono::seconds& value, const Written& written) {
  const auto time = is(written, Written::Form::text) ? base::parse_duration(written.text) : std::nullopt;
  if (!time || *time < std::chrono::seconds(1))
    return "must be a time of at least a second such as \"90s\" or \"15min\"";
  value = std::chrono::floor<std::chrono::seconds>(*time);
  return std::nullopt;
}

std::string to_toml(bool value) {
  return value ? "true" : "false";
}
std::string to_toml(unsigned value) {
  return std::to_string(value);
}
std::string to_toml(base::ByteCount value) {
  if (value.value == 0)
    return "0";
  for (const auto& [unit, bytes] : {std::pair{"GiB", base::kGiB}, {"MiB", base::kMiB}, {"KiB", base::kKiB}})
    if (value.value % bytes == 0)
      return fmt::format("\"{}{}\"", value.value / bytes, unit);
  return std::to_string(value.value);
}
std::string to_toml(const std::string& value) {
  return quoted(value);
}
std::string to_toml(const fs::path& value) {
  return quoted(value.string());
}
std::string to_toml(const std::vector<fs::path>& value) {
  std::vector<std::string> texts;
  for (const fs::path& path : value)
    texts.push_back(quoted(path.string()));
  return fmt::format("[{}]", fmt::join(texts, ", "));
}
std::string to_toml(const ListenAddresses& value) {
  return quoted(value.text);
}
std::string to_toml(const LinkLimit& value) {
  return quoted(value.text);
}
std::string to_toml(const LocalPort& value) {
  return std::to_string(value.number);
}
std::string to_toml(std::chrono::seconds value) {
  return value.count() % 60 == 0 ? fmt::format("\"{}min\"", value.count() / 60)
                                 : fmt::format("\"{}s\"", value.count());
}
std::string to_toml(const NetworkNames& value) {
  return quoted(value.text);
}

}  // namespace jaunt::engine
