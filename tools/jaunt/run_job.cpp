// jaunt job list, show and cancel.
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/text.hpp"
#include "context.hpp"
#include "engine/job.hpp"
#include "engine/teleport_job.hpp"
#include "handlers.hpp"
#include "page.hpp"

namespace jaunt::cli {

namespace {

std::string state_of(const engine::ListedJob& job) {
  if (job.alive)
    return fmt::format("process {}", job.begun.pid);
  return job.resumable() ? "interrupted; it can be resumed" : "was killed; the next command cleans up";
}

nlohmann::ordered_json json_of(const engine::ListedJob& job) {
  return {{"type", "job"},
          {"id", job.id},
          {"kind", base::printable(job.begun.kind)},
          {"subject", base::printable(job.begun.subject)},
          {"pid", job.begun.pid},
          {"alive", job.alive},
          {"resumable", job.resumable()}};
}

// What a person learns from a record; empty for those that say nothing.
std::string told(const engine::Record& record) {
  if (const auto* plan = std::get_if<engine::PlanChosen>(&record))
    return fmt::format("carries out plan {}", plan->id);
  if (const auto* made = std::get_if<engine::TemporaryMade>(&record))
    return fmt::format("builds {}", made->path);
  if (const auto* stage = std::get_if<engine::StageDone>(&record))
    return fmt::format("{}: done", stage->name);
  if (const auto* named = std::get_if<engine::DomainNamed>(&record))
    return fmt::format("defines domain {}", named->uuid);
  return {};
}

}  // namespace

int run_job_list(const Invocation& invocation) {
  const engine::Home home(home_path(invocation));
  for (const engine::ListedJob& job : engine::list_jobs(home)) {
    if (invocation.flag("--json"))
      fmt::print("{}\n", json_of(job).dump());
    else
      fmt::print("{}  {} {}  {}\n", job.id, base::printable(job.begun.kind), base::printable(job.begun.subject),
                 state_of(job));
  }
  return 0;
}

int run_job_show(const Invocation& invocation) {
  const engine::Home home(home_path(invocation));
  const engine::ShownJob shown = engine::show_job(home, invocation.arguments().front());
  if (invocation.flag("--json")) {
    nlohmann::ordered_json json = json_of(shown.job);
    json["history"] = nlohmann::ordered_json::array();
    for (const engine::Record& record : shown.records)
      if (const std::string text = told(record); !text.empty())
        json["history"].push_back(base::printable(text));
    fmt::print("{}\n", json.dump());
    return 0;
  }
  const Terminal terminal = Terminal::of(STDOUT_FILENO);
  Page page(terminal);
  page.title(fmt::format("Job {}", shown.job.id));
  page.field("does",
             fmt::format("{} {}", base::printable(shown.job.begun.kind), base::printable(shown.job.begun.subject)));
  page.field("state", state_of(shown.job));
  for (const engine::Record& record : shown.records)
    page.field("", base::printable(told(record)));
  fmt::print("{}", page.take());
  return 0;
}

int run_job_cancel(const Invocation& invocation) {
  const engine::Home home(home_path(invocation));
  engine::cancel_teleport(invocation.arguments().front(), home);
  return 0;
}

}  // namespace jaunt::cli
