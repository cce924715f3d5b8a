// jaunt plan.
#include <cstdio>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "context.hpp"
#include "engine/kept_plans.hpp"
#include "engine/plan_check.hpp"
#include "engine/plan_job.hpp"
#include "handlers.hpp"
#include "interrupt.hpp"
#include "model/plan_json.hpp"
#include "page.hpp"
#include "plan_screen.hpp"
#include "progress_line.hpp"
#include "subjects.hpp"

namespace jaunt::cli {

using base::Error;
using base::ErrorKind;

namespace {

constexpr int kFailed = 1;

[[noreturn]] void refuse(const char* option, const std::string& value, const char* cause, const char* remedy) {
  throw Error(ErrorKind::usage, "understand", fmt::format("{} {}", option, base::printable(value)), cause, remedy);
}

engine::PlanOptions options_of(const Invocation& invocation) {
  engine::PlanOptions options{.format = invocation.value("--format"), .name = invocation.value("--as")};
  if (const auto rate = invocation.value("--rate"))
    if (!(options.bytes_per_second = base::parse_rate(*rate)))
      refuse("--rate", *rate, "it is no rate", "write it like 100Mbit, 1Gbit or 12MB");
  if (const auto time = invocation.value("--rtt"))
    if (!(options.round_trip = base::parse_duration(*time)))
      refuse("--rtt", *time, "it is no time", "write it like 50ms");
  if (const auto lease = invocation.value("--lease")) {
    const auto time = base::parse_duration(*lease);
    if (!time)
      refuse("--lease", *lease, "it is no time", "write it like 90min, 12h or 7d; 0 promises nothing");
    options.lease = std::chrono::duration_cast<std::chrono::seconds>(*time);
  }
  if (const auto folder = invocation.value("--to"))
    options.folder = std::filesystem::absolute(*folder);
  options.realm = invocation.value("--realm").value_or(options.realm);
  options.packages = !invocation.flag("--no-packages");
  return options;
}

void print(const model::Plan& plan, bool json, bool first) {
  if (json)
    fmt::print("{}\n", model::to_json(plan));
  else
    fmt::print("{}{}", first ? "" : "\n", screen(plan, Terminal::of(STDOUT_FILENO)));
  std::fflush(stdout);
}

int make_plans(const Invocation& invocation, const engine::Home& home, const engine::Config& config) {
  const bool json = invocation.flag("--json");
  engine::PlanOptions options = options_of(invocation);
  options.measures_all = true;
  return each_subject(
      engine::with_their_nodes(invocation.arguments()), json, [&](const std::string& subject, bool first) {
        const model::Plan plan = [&] {
          ProgressLine progress(invocation.flag("--quiet"));
          return engine::make_plan(engine::parse_remote_machine(subject), options,
                                   {.home = home, .config = config, .progress = progress, .cancel = interrupted()});
        }();
        print(plan, json, first);
        return plan.problems.empty();
      });
}

std::string moment(std::int64_t seconds) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(static_cast<std::time_t>(seconds)));
}

int list_plans(const Invocation& invocation, const engine::Home& home) {
  Page page(Terminal::of(STDOUT_FILENO));
  const auto plans = engine::KeptPlans(home).list();
  for (const model::Plan& plan : plans) {
    if (invocation.flag("--json")) {
      fmt::print("{}\n", model::to_json(plan));
      continue;
    }
    const bool lasts = plan.lease_until > std::time(nullptr);
    fmt::print("{}  {}  {} in {}  {}\n", plan.id, base::printable(plan.subject + "@" + plan.source),
               base::human_bytes(plan.forecast.wire), base::human_duration(plan.forecast.seconds),
               lasts ? "until " + moment(plan.lease_until) : "no lease");
  }
  if (plans.empty() && !invocation.flag("--json") && !invocation.flag("--quiet"))
    fmt::print("no plan is kept here\n");
  return 0;
}

void print_json(const engine::PlanCheck& check) {
  nlohmann::ordered_json changes = nlohmann::ordered_json::array();
  for (const engine::Change& change : check.changes)
    changes.push_back({{"subject", base::printable(change.subject)},
                       {"found", base::printable(change.found)},
                       {"breaks", change.breaks}});
  fmt::print("{}\n", nlohmann::ordered_json({{"type", "plan_check"},
                                             {"id", check.plan.id},
                                             {"holds", check.holds()},
                                             {"lease_expired", check.lease_expired},
                                             {"changes", changes}})
                         .dump());
}

void print_text(const engine::PlanCheck& check) {
  const Terminal terminal = Terminal::of(STDOUT_FILENO);
  Page page(terminal);
  page.title(fmt::format("Plan {} for {}", check.plan.id, base::printable(check.plan.subject)));
  if (check.holds())
    page.line("It still holds.", 2, Tone::good);
  else
    page.line("It does not hold any more; plan again.", 2, Tone::bad);
  for (const engine::Change& change : check.changes)
    page.line(fmt::format("{} {}: {}", change.breaks ? "✗" : "!", base::printable(change.subject),
                          base::printable(change.found)),
              2, change.breaks ? Tone::bad : Tone::warning);
  if (check.lease_expired)
    page.line(check.plan.lease_until == 0
                  ? std::string("! Nothing was promised, so the store may drop what it relies on.")
                  : fmt::format("! Its lease ended {}, so the store may drop what it relies on.",
                                moment(check.plan.lease_until)),
              2, Tone::warning);
  fmt::print("{}", page.take());
}

int check_kept(const std::string& id, const Invocation& invocation, const engine::Home& home,
               const engine::Config& config) {
  const engine::PlanCheck check = [&] {
    ProgressLine progress(invocation.flag("--quiet"));
    return engine::check_plan(id, {.home = home, .config = config, .progress = progress, .cancel = interrupted()});
  }();
  if (invocation.flag("--json"))
    print_json(check);
  else
    print_text(check);
  return check.holds() ? 0 : kFailed;
}

}  // namespace

int run_plan(const Invocation& invocation) {
  const engine::Config config = engine::valid_config(load_config(invocation));
  const engine::Home home(home_path(invocation));
  int kept = 0;
  for (const char* option : {"--list", "--show", "--check", "--drop"})
    kept += invocation.flag(option) ? 1 : 0;
  if (kept + (invocation.arguments().empty() ? 0 : 1) != 1)
    throw Error(ErrorKind::usage, "plan", "this", "it takes machines, or one of --list, --show, --check and --drop",
                "jaunt plan --help");
  if (invocation.flag("--list"))
    return list_plans(invocation, home);
  if (const auto id = invocation.value("--show")) {
    print(engine::KeptPlans(home).plan(*id), invocation.flag("--json"), true);
    return 0;
  }
  if (const auto id = invocation.value("--check"))
    return check_kept(*id, invocation, home, config);
  if (const auto id = invocation.value("--drop")) {
    engine::KeptPlans(home).drop(*id);
    return 0;
  }
  return make_plans(invocation, home, config);
}

}  // namespace jaunt::cli
