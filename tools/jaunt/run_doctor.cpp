// jaunt doctor.
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/text.hpp"
#include "context.hpp"
#include "engine/node_checks.hpp"
#include "engine/thin_checks.hpp"
#include "handlers.hpp"
#include "help.hpp"
#include "hypervisor/host.hpp"
#include "interrupt.hpp"
#include "progress_line.hpp"
#include "terminal.hpp"

namespace jaunt::cli {

using hypervisor::Check;
using hypervisor::Verdict;

namespace {

constexpr base::ByteCount kHomeWanted{base::kGiB};
constexpr base::ByteCount kScratchWanted{base::kGiB};

std::string_view name_of(Verdict verdict) {
  return verdict == Verdict::ok ? "ok" : verdict == Verdict::warning ? "warning" : "broken";
}

Tone tone_of(Verdict verdict) {
  return verdict == Verdict::ok ? Tone::good : verdict == Verdict::warning ? Tone::warning : Tone::bad;
}

std::vector<Check> examine(const Invocation& invocation) {
  const engine::LoadedConfig loaded = load_config(invocation);
  hypervisor::HostQuestions questions;
  questions.uri = loaded.config.libvirt_uri;
  questions.folders = {
      {.purpose = "home", .path = home_path(invocation), .wanted = kHomeWanted},
      {.purpose = "scratch", .path = loaded.config.scratch_folder, .wanted = kScratchWanted, .for_qemu = true}};
  ProgressLine progress(invocation.flag("--quiet") || invocation.flag("--json"));
  progress.stage("looking at this host", {});
  std::vector<Check> checks = hypervisor::judge(hypervisor::gather_host(questions, interrupted()));
  Check config{.name = "config", .verdict = Verdict::ok, .found = "the configuration is in order", .remedy = {}};
  if (!loaded.problems.empty())
    config = {.name = "config",
              .verdict = Verdict::broken,
              .found = fmt::format("{}: {}", loaded.problems[0].where, loaded.problems[0].cause),
              .remedy = "`jaunt config check` names every problem"};
  checks.insert(checks.begin(), std::move(config));
  for (Check& check : engine::check_node(home_path(invocation), loaded.config, interrupted()))
    checks.push_back(std::move(check));
  for (Check& check : engine::check_thin(home_path(invocation)))
    checks.push_back(std::move(check));
  return checks;
}

void print_text(const std::vector<Check>& checks) {
  const Terminal terminal = Terminal::of(STDOUT_FILENO);
  std::size_t names = 0;
  for (const Check& check : checks)
    names = std::max(names, check.name.size());
  const std::size_t indent = 8 + names + 2;
  for (const Check& check : checks) {
    fmt::print("{} {}  {}\n", painted(terminal, tone_of(check.verdict), fitted(name_of(check.verdict), 7)),
               fitted(check.name, names), wrapped(base::printable(check.found), indent, terminal.width));
    if (!check.remedy.empty())
      fmt::print("{:{}}{}\n", "", indent, wrapped("→ " + base::printable(check.remedy), indent + 2, terminal.width));
  }
}

void print_json(const std::vector<Check>& checks, bool usable) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Check& check : checks)
    list.push_back({{"name", check.name},
                    {"verdict", name_of(check.verdict)},
                    {"found", base::printable(check.found)},
                    {"remedy", base::printable(check.remedy)}});
  fmt::print("{}\n", nlohmann::ordered_json({{"type", "doctor"}, {"usable", usable}, {"checks", list}}).dump());
}

}  // namespace

int run_doctor(const Invocation& invocation) {
  const std::vector<Check> checks = examine(invocation);
  const bool usable =
      std::none_of(checks.begin(), checks.end(), [](const Check& check) { return check.verdict == Verdict::broken; });
  if (invocation.flag("--json"))
    print_json(checks, usable);
  else
    print_text(checks);
  return usable ? 0 : 1;
}

}  // namespace jaunt::cli
