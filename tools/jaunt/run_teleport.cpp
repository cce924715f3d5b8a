// jaunt teleport, and jaunt job resume.
#include <algorithm>
#include <cstdio>
#include <memory>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "context.hpp"
#include "engine/kept_plans.hpp"
#include "engine/teleport_job.hpp"
#include "handlers.hpp"
#include "interrupt.hpp"
#include "json_progress.hpp"
#include "page.hpp"
#include "progress_line.hpp"
#include "report.hpp"

namespace jaunt::cli {

using base::Error;
using base::ErrorKind;
using model::SourceKind;

namespace {

constexpr int kPartly = 3;
constexpr int kInterrupted = 16;

std::optional<base::ByteCount> rate_of(const Invocation& invocation, const std::string& option) {
  const auto text = invocation.value(option);
  const auto rate = text ? base::parse_rate(*text) : std::nullopt;
  if (text && !rate)
    throw Error(ErrorKind::usage, "understand", fmt::format("{} {}", option, base::printable(*text)), "it is no rate",
                "write it like 100Mbit, 1Gbit or 12MB");
  return rate;
}

engine::TeleportOptions options_of(const Invocation& invocation) {
  engine::TeleportOptions options{.plan_id = invocation.value("--plan"),
                                  .to = invocation.value("--to").value_or(""),
                                  .target_format = invocation.value("--to-format").value_or("")};
  options.plan.format = invocation.value("--format");
  options.plan.name = invocation.value("--as");
  options.machine = {.define = !invocation.flag("--no-define"),
                     .start = invocation.flag("--start"),
                     .same_machine = invocation.flag("--same-machine")};
  options.plan.realm = invocation.value("--realm").value_or(options.plan.realm);
  const auto rate = rate_of(invocation, "--rate");
  const auto limit = rate_of(invocation, "--limit");
  options.plan.bytes_per_second = rate && limit ? std::min(rate, limit) : rate ? rate : limit;
  return options;
}

// A domain's disks go where images lie, if nothing else is said.
engine::TeleportOptions placed(engine::TeleportOptions options, const std::string& subject,
                               const engine::Config& config) {
  const bool domain = subject.find('/') == subject.npos;
  if (options.to.empty() && domain && !config.image_folders.empty())
    options.to = config.image_folders.front();
  if (options.to.empty())
    throw Error(ErrorKind::usage, "teleport", base::printable(subject), "it is not said where to",
                "name a file or a folder with --to");
  return options;
}

std::unique_ptr<base::Progress> progress_for(const Invocation& invocation) {
  if (invocation.flag("--json"))
    return std::make_unique<JsonProgress>();
  return std::make_unique<ProgressLine>(invocation.flag("--quiet"), ProgressLine::Stages::stay);
}

nlohmann::ordered_json domain_json(const engine::DefinedMachine& machine) {
  nlohmann::ordered_json changes = nlohmann::ordered_json::array();
  for (const auto& change : machine.changes)
    changes.push_back({{"what", base::printable(change.what)},
                       {"from", base::printable(change.from)},
                       {"to", base::printable(change.to)}});
  return {{"name", base::printable(machine.name)},
          {"uuid", machine.uuid},
          {"connection", base::printable(machine.connection)},
          {"started", machine.started},
          {"changes", changes}};
}

void print_domain(const engine::DefinedMachine& machine, Page& page) {
  page.field("domain", fmt::format("{} at {}{}", base::printable(machine.name), base::printable(machine.connection),
                                   machine.started ? ", started" : ""));
  page.field("uuid", machine.uuid);
  for (const auto& change : machine.changes)
    page.field("changed", fmt::format("{}: {}{}{}", base::printable(change.what), base::printable(change.from),
                                      change.to.empty() ? " left out" : " → ", base::printable(change.to)));
}

void print_json(const engine::TeleportSummary& summary) {
  nlohmann::ordered_json bytes;
  for (const SourceKind kind : model::kSourceKinds)
    bytes[std::string(to_string(kind))] = summary.bytes[kind].value;
  nlohmann::ordered_json stages;
  for (const auto& [name, seconds] : summary.stages)
    stages[name] = seconds.count();
  nlohmann::ordered_json disks = nlohmann::ordered_json::array();
  for (const engine::TeleportedDisk& disk : summary.disks)
    disks.push_back({{"target", base::printable(disk.target)},
                     {"path", base::printable(disk.path.string())},
                     {"size", disk.size.value},
                     {"root", base::to_hex(disk.root)},
                     {"base", disk.base ? nlohmann::ordered_json(base::printable(*disk.base)) : nullptr}});
  nlohmann::ordered_json json = {{"type", "summary"},
                                 {"job", summary.job},
                                 {"subject", base::printable(summary.subject)},
                                 {"source", base::printable(summary.source)},
                                 {"disks", disks},
                                 {"resumed", summary.resumed},
                                 {"wire_bytes_received", summary.wire_received.value},
                                 {"wire_bytes_sent", summary.wire_sent.value},
                                 {"bytes_by_source", bytes},
                                 {"kept_bytes", summary.kept.value},
                                 {"repaired_tiles", summary.repaired_tiles},
                                 {"seconds", summary.elapsed.count()},
                                 {"seconds_by_stage", stages},
                                 {"peak_rss_bytes", summary.peak_rss}};
  if (summary.domain)
    json["domain"] = domain_json(*summary.domain);
  if (summary.instant)
    json["instant"] = {{"as_of", summary.instant->as_of},
                       {"frozen", summary.instant->how.frozen},
                       {"consistency", base::printable(summary.instant->how.consistency)}};
  if (summary.plain_copy)
    json["plain_copy"] = {{"name", summary.plain_copy->name}, {"wire", summary.plain_copy->wire.value}};
  fmt::print("{}\n", json.dump());
}

std::string moment(std::int64_t seconds) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(static_cast<std::time_t>(seconds)));
}

std::string seconds(std::chrono::duration<double> time) {
  return base::human_duration(std::chrono::duration_cast<std::chrono::microseconds>(time));
}

void print_text(const engine::TeleportSummary& summary) {
  const Terminal terminal = Terminal::of(STDOUT_FILENO);
  Page page(terminal);
  page.title(fmt::format("{} is here", base::printable(summary.subject)));
  for (const engine::TeleportedDisk& disk : summary.disks) {
    page.field(base::printable(disk.target), base::printable(disk.path.string()));
    page.field("root", base::to_hex(disk.root));
    page.field("base", base::printable(disk.base.value_or("none")));
  }
  if (summary.instant)
    page.field("instant", fmt::format("{}, {}", moment(summary.instant->as_of),
                                      base::printable(summary.instant->how.consistency)));
  if (summary.domain)
    print_domain(*summary.domain, page);
  const base::ByteCount wire = summary.wire_sent + summary.wire_received;
  page.field("link", fmt::format("{} received, {} sent", base::human_bytes(summary.wire_received),
                                 base::human_bytes(summary.wire_sent)));
  if (summary.plain_copy)
    page.field("plain", fmt::format("{} ({}), {:.1f} times as much", base::human_bytes(summary.plain_copy->wire),
                                    summary.plain_copy->name,
                                    static_cast<double>(summary.plain_copy->wire.value) /
                                        static_cast<double>(std::max<std::uint64_t>(wire.value, 1))));
  page.gap();
  for (const SourceKind kind : model::kSourceKinds)
    if (summary.bytes[kind].value > 0)
      page.row({{10}, {12, true}}, {std::string(to_string(kind)), base::human_bytes(summary.bytes[kind])});
  if (summary.kept.value > 0)
    page.row({{10}, {12, true}}, {"kept", base::human_bytes(summary.kept)});
  page.gap();
  for (const auto& [name, time] : summary.stages)
    page.row({{10}, {12, true}}, {name, seconds(time)});
  page.row({{10}, {12, true}}, {"all", seconds(summary.elapsed)});
  fmt::print("{}", page.take());
}

void print(const engine::TeleportSummary& summary, bool json) {
  if (json)
    print_json(summary);
  else
    print_text(summary);
  std::fflush(stdout);
}

}  // namespace

int run_teleport(const Invocation& invocation) {
  const engine::Config config = engine::valid_config(load_config(invocation));
  const engine::Home home(home_path(invocation));
  const bool json = invocation.flag("--json");
  engine::TeleportOptions options = options_of(invocation);
  std::vector<std::string> subjects = invocation.arguments();
  if (options.plan_id) {
    if (!subjects.empty())
      throw Error(ErrorKind::usage, "teleport", base::printable(subjects.front()), "the plan says what is teleported",
                  "leave the machine out, or --plan");
    const model::Plan plan = engine::KeptPlans(home).plan(*options.plan_id);
    options.plan.realm = plan.realm;
    if (!options.plan.name && !plan.name.empty())
      options.plan.name = plan.name;
    subjects.push_back(plan.subject + "@" + plan.source);
  }
  if (subjects.empty())
    throw Error(ErrorKind::usage, "teleport", "this", "it is not said what", "jaunt teleport --help");
  std::size_t failed = 0;
  int code = 0;
  for (const std::string& subject : subjects) {
    try {
      const engine::TeleportSummary summary = [&] {
        const auto progress = progress_for(invocation);
        engine::RemoteMachine machine = engine::parse_remote_machine(subject);
        machine.bit_exact = invocation.flag("--bit-exact");
        machine.limit = rate_of(invocation, "--limit");
        return engine::teleport(machine, placed(options, machine.name, config),
                                {.home = home, .config = config, .progress = *progress, .cancel = interrupted()});
      }();
      print(summary, json);
    } catch (const engine::Interrupted&) {
      return kInterrupted;
    } catch (const Error& error) {
      code = report(error, json);
      ++failed;
    }
  }
  if (failed == subjects.size())
    return code;
  return failed > 0 ? kPartly : 0;
}

int run_job_resume(const Invocation& invocation) {
  const engine::Config config = engine::valid_config(load_config(invocation));
  const engine::Home home(home_path(invocation));
  try {
    const engine::TeleportSummary summary = [&] {
      const auto progress = progress_for(invocation);
      return engine::resume_teleport(
          invocation.arguments().front(),
          {.home = home, .config = config, .progress = *progress, .cancel = interrupted()});
    }();
    print(summary, invocation.flag("--json"));
    return 0;
  } catch (const engine::Interrupted&) {
    return kInterrupted;
  }
}

}  // namespace jaunt::cli
