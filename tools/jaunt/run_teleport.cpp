// jaunt teleport, and jaunt job resume.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "attempts.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "context.hpp"
#include "daemon_talk.hpp"
#include "engine/machine_pusher.hpp"
#include "engine/teleport_job.hpp"
#include "engine/teleport_report.hpp"
#include "engine/teleport_request.hpp"
#include "handlers.hpp"
#include "interrupt.hpp"
#include "json_progress.hpp"
#include "progress_line.hpp"
#include "teleport_screen.hpp"

namespace jaunt::cli {

using base::Error;
using base::ErrorKind;

namespace {

constexpr int kInterrupted = 16;

std::optional<base::ByteCount> rate_of(const Invocation& invocation, const std::string& option) {
  const auto text = invocation.value(option);
  const auto rate = text ? base::parse_rate(*text) : std::nullopt;
  if (text && !rate)
    throw Error(ErrorKind::usage, "understand", fmt::format("{} {}", option, base::printable(*text)), "it is no rate",
                "write it like 100Mbit, 1Gbit or 12MB");
  return rate;
}

engine::Thin thinness_of(const Invocation& invocation) {
  const std::string given[] = {invocation.flag("--flat") ? "--flat" : "", invocation.flag("--thin") ? "--thin" : "",
                               invocation.flag("--thin-on-layer") ? "--thin-on-layer" : ""};
  if (std::ranges::count(given, "") < 2)
    throw Error(ErrorKind::usage, "understand", fmt::format("{}", fmt::join(given, " ")), "they exclude one another",
                "leave one out");
  return !given[2].empty() ? engine::Thin::layers : !given[1].empty() ? engine::Thin::owned : engine::Thin::flat;
}

engine::TeleportOptions options_of(const Invocation& invocation) {
  engine::TeleportOptions options{.plan_id = invocation.value("--plan"),
                                  .to = invocation.value("--to").value_or(""),
                                  .target_format = invocation.value("--to-format").value_or(""),
                                  .thin = thinness_of(invocation)};
  options.plan.format = invocation.value("--format");
  options.plan.name = invocation.value("--as");
  options.machine = {.define = !invocation.flag("--no-define"),
                     .start = invocation.flag("--start"),
                     .same_machine = invocation.flag("--same-machine")};
  options.plan.realm = invocation.value("--realm").value_or(options.plan.realm);
  options.plan.bytes_per_second = rate_of(invocation, "--rate");
  options.plan.packages = !invocation.flag("--no-packages");
  return options;
}

// What a person asks for; of a plan that is named, the machine is known later.
engine::TeleportRequest request_of(const Invocation& invocation, const std::string& subject) {
  engine::TeleportRequest request{.subject = {}, .options = options_of(invocation)};
  if (!subject.empty())
    request.subject = engine::parse_remote_machine(subject);
  request.subject.bit_exact = invocation.flag("--bit-exact");
  request.subject.media = invocation.value("--media") == "carry";
  request.subject.limit = rate_of(invocation, "--limit");
  return request;
}

std::unique_ptr<base::Progress> progress_for(const Invocation& invocation) {
  if (invocation.flag("--json"))
    return std::make_unique<JsonProgress>();
  return std::make_unique<ProgressLine>(invocation.flag("--quiet"), ProgressLine::Stages::stay);
}

void print(const std::string& summary, bool json) {
  fmt::print("{}", json ? summary + "\n" : teleport_screen(summary, Terminal::of(STDOUT_FILENO)));
  std::fflush(stdout);
}

// One after another; a failing one does not keep the others from being done.
int each_of(const std::vector<std::string>& subjects, bool json,
            const std::function<void(const std::string&)>& work) {
  Attempts attempts(subjects.size(), json);
  try {
    for (const std::string& subject : subjects)
      attempts.attempt([&] {
        work(subject);
        return 0;
      });
  } catch (const engine::Interrupted&) {
    return kInterrupted;
  }
  return attempts.exit_code();
}

// As the command line has it, or nothing where a plan tells it.
std::vector<std::string> subjects_of(const Invocation& invocation) {
  std::vector<std::string> subjects = engine::with_their_nodes(invocation.arguments());
  if (subjects.empty())
    subjects.emplace_back();
  return subjects;
}

bool wants_daemon(const Invocation& invocation) {
  if (invocation.flag("--here") && invocation.flag("--detach"))
    throw Error(ErrorKind::usage, "understand", "--here --detach", "only the daemon goes on alone", "leave one out");
  if (invocation.flag("--here"))
    return false;
  return invocation.flag("--detach") || engine::ControlClient::find(home_path(invocation)).has_value();
}

// What the node that is dialled shall do.
transport::AskReceive wish_of(const Invocation& invocation, const std::string& subject) {
  const engine::TeleportOptions options = options_of(invocation);
  const std::string to = options.to.string();
  if (!to.empty() && !options.to.is_absolute())
    throw Error(ErrorKind::usage, "push to", base::printable(to), "it is no absolute path",
                "name a path of the other node with --to");
  return {.subject = subject,
          .format = options.plan.format.value_or(""),
          .bit_exact = invocation.flag("--bit-exact"),
          .to = to,
          .target_format = options.target_format,
          .name = options.plan.name.value_or(""),
          .realm = options.plan.realm,
          .define = options.machine.define,
          .start = options.machine.start,
          .same_machine = options.machine.same_machine,
          .bytes_per_second = options.plan.bytes_per_second.value_or(base::ByteCount{}).value};
}

// The other node tells it, so it may be anything.
std::string checked_summary(const std::string& summary, const std::string& node) {
  try {
    const std::string line = nlohmann::ordered_json::parse(summary).dump();
    teleport_screen(line, Terminal::of(STDOUT_FILENO));
    return line;
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorKind::corrupt, "hear from", base::printable(node), "its summary cannot be understood");
  }
}

int push(const Invocation& invocation, const std::string& node) {
  for (const char* const other : {"--plan", "--detach"})
    if (invocation.value(other) || invocation.flag(other))
      throw Error(ErrorKind::usage, "understand", fmt::format("--push {}", other),
                  "the other node makes the plan and has the job, and this one answers it", "leave one out");
  for (const char* const other : {"--thin", "--thin-on-layer", "--media", "--no-packages"})
    if (invocation.value(other) || invocation.flag(other))
      throw Error(ErrorKind::usage, "understand", fmt::format("--push {}", other),
                  "a node that is pushed to makes flat disks, and leaves media", "let that node fetch the machine");
  if (invocation.arguments().empty())
    throw Error(ErrorKind::usage, "push", "this", "it is not said what", "name machines of this node");
  const engine::Config config = engine::valid_config(load_config(invocation));
  const engine::Home home(home_path(invocation));
  const bool json = invocation.flag("--json");
  return each_of(invocation.arguments(), json, [&](const std::string& subject) {
    const engine::PushOptions options{
        .node = node, .wish = wish_of(invocation, subject), .limit = rate_of(invocation, "--limit")};
    const std::string summary = [&] {
      const auto progress = progress_for(invocation);
      return engine::push_machine(options,
                                  {.home = home, .config = config, .progress = *progress, .cancel = interrupted()});
    }();
    print(checked_summary(summary, node), json);
  });
}

}  // namespace

int run_teleport(const Invocation& invocation) {
  if (const auto node = invocation.value("--push"))
    return push(invocation, *node);
  if (wants_daemon(invocation))
    return hand_over(subjects_of(invocation), invocation, [&](const std::string& subject) {
      engine::TeleportRequest request = request_of(invocation, subject);
      if (!request.options.to.empty())
        request.options.to = std::filesystem::absolute(request.options.to);
      return engine::ControlRequest{.does = engine::ControlRequest::Does::teleport, .teleport = request};
    });
  const engine::Config config = engine::valid_config(load_config(invocation));
  const engine::Home home(home_path(invocation));
  const bool json = invocation.flag("--json");
  return each_of(subjects_of(invocation), json, [&](const std::string& subject) {
    const engine::TeleportRequest request = engine::completed(request_of(invocation, subject), home, config);
    const engine::TeleportSummary summary = [&] {
      const auto progress = progress_for(invocation);
      return engine::teleport(request.subject, request.options,
                              {.home = home, .config = config, .progress = *progress, .cancel = interrupted()});
    }();
    print(to_json(summary), json);
  });
}

int run_job_resume(const Invocation& invocation) {
  if (wants_daemon(invocation))
    return hand_over(invocation.arguments(), invocation, [](const std::string& id) {
      return engine::ControlRequest{.does = engine::ControlRequest::Does::resume, .job = id};
    });
  const engine::Config config = engine::valid_config(load_config(invocation));
  const engine::Home home(home_path(invocation));
  const bool json = invocation.flag("--json");
  return each_of(invocation.arguments(), json, [&](const std::string& id) {
    const engine::TeleportSummary summary = [&] {
      const auto progress = progress_for(invocation);
      return engine::resume_teleport(
          id, {.home = home, .config = config, .progress = *progress, .cancel = interrupted()});
    }();
    print(to_json(summary), json);
  });
}

}  // namespace jaunt::cli
