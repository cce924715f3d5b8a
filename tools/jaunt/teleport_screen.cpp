#include "teleport_screen.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "page.hpp"

namespace jaunt::cli {

using Json = nlohmann::ordered_json;

namespace {

std::string text(const Json& json, const char* key) {
  return base::printable(json.at(key).get<std::string>());
}

base::ByteCount bytes(const Json& json, const char* key) {
  return base::ByteCount(json.at(key).get<std::uint64_t>());
}

std::string moment(std::int64_t seconds) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(static_cast<std::time_t>(seconds)));
}

std::string seconds(const Json& json) {
  return base::human_duration(
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::duration<double>(json.get<double>())));
}

void show_domain(const Json& domain, Page& page) {
  page.field("domain", fmt::format("{} at {}{}", text(domain, "name"), text(domain, "connection"),
                                   domain.at("started").get<bool>() ? ", started" : ""));
  page.field("uuid", text(domain, "uuid"));
  for (const Json& change : domain.at("changes")) {
    const std::string to = text(change, "to");
    page.field("changed", fmt::format("{}: {}{}{}", text(change, "what"), text(change, "from"),
                                      to.empty() ? " left out" : " → ", to));
  }
}

void show_link(const Json& summary, Page& page) {
  const base::ByteCount sent = bytes(summary, "wire_bytes_sent");
  const base::ByteCount received = bytes(summary, "wire_bytes_received");
  page.field("link", fmt::format("{} received, {} sent", base::human_bytes(received), base::human_bytes(sent)));
  if (!summary.contains("plain_copy"))
    return;
  const Json& plain = summary["plain_copy"];
  const base::ByteCount wire = bytes(plain, "wire");
  page.field("plain", fmt::format("{} ({}), {:.1f} times as much", base::human_bytes(wire), text(plain, "name"),
                                  static_cast<double>(wire.value) /
                                      static_cast<double>(std::max<std::uint64_t>(sent.value + received.value, 1))));
}

void show_packages(const Json& packages, Page& page) {
  std::string text = fmt::format("{} of {} fetched, {} from the cache, {} downloaded",
                                 packages.at("fetched").get<std::uint64_t>(), packages.at("listed").get<std::uint64_t>(),
                                 packages.at("from_cache").get<std::uint64_t>(),
                                 base::human_bytes(bytes(packages, "downloaded_bytes")));
  for (const auto& [why, count] : packages.at("not_fetched").items())
    text += fmt::format(", {} {}", count.get<std::uint64_t>(), base::printable(why));
  page.field("packages", text);
}

}  // namespace

std::string teleport_screen(const std::string& line, const Terminal& terminal) {
  const Json summary = Json::parse(line);
  Page page(terminal);
  page.title(fmt::format("{} is here", text(summary, "subject")));
  for (const Json& disk : summary.at("disks")) {
    page.field(text(disk, "target"), text(disk, "path"));
    page.field("root", text(disk, "root"));
    page.field("base", disk.at("base").is_null() ? "none" : text(disk, "base"));
    if (disk.contains("stands_on"))
      page.field("thin",
                 fmt::format("{} referenced in {}, not copied", base::human_bytes(bytes(disk, "referenced_bytes")),
                             base::printable(disk["stands_on"].at(0).get<std::string>())));
  }
  if (summary.contains("instant"))
    page.field("instant", fmt::format("{}, {}", moment(summary["instant"].at("as_of").get<std::int64_t>()),
                                      text(summary["instant"], "consistency")));
  if (summary.contains("domain"))
    show_domain(summary["domain"], page);
  show_link(summary, page);
  if (summary.contains("packages"))
    show_packages(summary["packages"], page);
  page.gap();
  const std::vector<Column> columns{{10}, {12, true}};
  for (const auto& [source, count] : summary.at("bytes_by_source").items())
    if (const base::ByteCount shown(count.get<std::uint64_t>()); shown.value > 0)
      page.row(columns, {source, base::human_bytes(shown)});
  if (const base::ByteCount kept = bytes(summary, "kept_bytes"); kept.value > 0)
    page.row(columns, {"kept", base::human_bytes(kept)});
  page.gap();
  for (const auto& [stage, time] : summary.at("seconds_by_stage").items())
    page.row(columns, {stage, seconds(time)});
  page.row(columns, {"all", seconds(summary.at("seconds"))});
  return page.take();
}

}  // namespace jaunt::cli
