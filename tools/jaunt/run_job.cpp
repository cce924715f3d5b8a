// jaunt job list, show, cancel and verify.
#include <cstdio>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "attempts.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "context.hpp"
#include "daemon_talk.hpp"
#include "engine/job.hpp"
#include "engine/receipt.hpp"
#include "engine/teleport_job.hpp"
#include "engine/teleport_report.hpp"
#include "handlers.hpp"
#include "page.hpp"

namespace jaunt::cli {

using base::Error;
using base::ErrorKind;
using Json = nlohmann::ordered_json;

namespace {

constexpr base::ByteCount kReceiptBytesMax{base::kMiB};

std::string text(const Json& json, const char* key) {
  return base::printable(json.at(key).get<std::string>());
}

// The state of a job in words.
std::string state_of(const Json& job) {
  const std::string state = text(job, "state");
  if (job.contains("awaits"))
    return fmt::format("interrupted; waits for {} to push it again", text(job, "awaits"));
  if (state == "running")
    return fmt::format("process {}", job.at("pid").get<std::int64_t>());
  if (state == "interrupted")
    return job.contains("failure") ? "interrupted by a failure; it can be resumed" : "interrupted; it can be resumed";
  if (state == "killed")
    return "was killed; the next command cleans up";
  if (state == "waiting" && job.contains("retry_at"))
    return fmt::format("goes on by itself at {:%H:%M:%S}", fmt::localtime(job["retry_at"].get<std::time_t>()));
  return state;
}

void print_line(const Json& job) {
  fmt::print("{}  {} {}  {}\n", text(job, "id"), text(job, "kind"), text(job, "subject"), state_of(job));
}

void print_page(const Json& job) {
  const Terminal terminal = Terminal::of(STDOUT_FILENO);
  Page page(terminal);
  page.title(fmt::format("Job {}", text(job, "id")));
  page.field("does", fmt::format("{} {}", text(job, "kind"), text(job, "subject")));
  page.field("state", state_of(job));
  for (const Json& line : job.at("history"))
    page.field("", base::printable(line.get<std::string>()));
  if (job.contains("failure"))
    page.field("try", text(job["failure"], "remedy"));
  fmt::print("{}", page.take());
}

// The daemon, for whoever may not look into the home himself.
std::optional<engine::ControlClient> teller(const Invocation& invocation) {
  const auto home = home_path(invocation);
  return owns_home(home) ? std::nullopt : engine::ControlClient::find(home);
}

std::vector<std::string> listed(const Invocation& invocation) {
  const bool all = invocation.flag("--all");
  if (auto daemon = teller(invocation))
    return ask_daemon(std::move(*daemon), {.does = engine::ControlRequest::Does::list, .finished = all});
  const engine::Home home(home_path(invocation));
  std::vector<std::string> lines;
  const auto add = [&](const std::vector<engine::ListedJob>& jobs) {
    for (const engine::ListedJob& job : jobs)
      lines.push_back(to_json(job));
  };
  if (all)
    add(engine::finished_jobs(home));
  add(engine::list_jobs(home));
  return lines;
}

std::string shown_job(const Invocation& invocation, const std::string& id) {
  if (auto daemon = teller(invocation))
    return ask_daemon(std::move(*daemon), {.does = engine::ControlRequest::Does::show, .job = id}).front();
  return to_json(engine::show_job(engine::Home(home_path(invocation)), id));
}

// Through the daemon where one runs, which may have the job, and may be just done with it.
void cancel(const Invocation& invocation, const std::string& id) {
  auto daemon = engine::ControlClient::find(home_path(invocation));
  if (!daemon)
    return engine::cancel_teleport(id, engine::Home(home_path(invocation)));
  const auto lines = ask_daemon(std::move(*daemon), {.does = engine::ControlRequest::Does::cancel, .job = id});
  if (!lines.empty() && Json::parse(lines.back()).value("type", "") == "summary")
    throw Error(ErrorKind::usage, "cancel", "job " + base::printable(id), "it was done before it could be stopped",
                fmt::format("what it made stays; `jaunt job show {}` tells what that is", base::printable(id)));
}

}  // namespace

int run_job_list(const Invocation& invocation) {
  for (const std::string& job : listed(invocation)) {
    if (invocation.flag("--json"))
      fmt::print("{}\n", job);
    else
      print_line(Json::parse(job));
  }
  return 0;
}

int run_job_show(const Invocation& invocation) {
  const std::string id = invocation.arguments().front();
  const std::string shown = shown_job(invocation, id);
  const Json job = Json::parse(shown);
  if (invocation.flag("--receipt")) {
    if (!job.contains("receipt"))
      throw Error(ErrorKind::not_found, "show", "the receipt of job " + base::printable(id),
                  "only a teleport that is done has one");
    fmt::print("{}", job["receipt"].get<std::string>());
    return 0;
  }
  if (invocation.flag("--json"))
    fmt::print("{}\n", shown);
  else
    print_page(job);
  return 0;
}

int run_job_cancel(const Invocation& invocation) {
  Attempts attempts(invocation.arguments().size(), invocation.flag("--json"));
  for (const std::string& id : invocation.arguments())
    attempts.attempt([&] {
      cancel(invocation, id);
      return 0;
    });
  return attempts.exit_code();
}

int run_job_verify(const Invocation& invocation) {
  const engine::Home home(home_path(invocation));
  const std::string what = invocation.arguments().front();
  const bool known = engine::is_id(what) && !std::filesystem::exists(what);
  const std::string receipt = base::read_text_file(
      known ? engine::job_folder(home, what) / engine::kReceiptName : std::filesystem::path(what), kReceiptBytesMax);
  const engine::CheckedReceipt checked = engine::check_receipt(receipt);
  const std::string signer = engine::signer_of(checked, home);
  const Json said = Json::parse(checked.said);
  const std::string id = to_text(identity::id_of(checked.key));
  if (invocation.flag("--json")) {
    fmt::print("{}\n", Json({{"type", "receipt"}, {"signer", signer}, {"signer_id", id}, {"said", said}}).dump());
    return 0;
  }
  const Terminal terminal = Terminal::of(STDOUT_FILENO);
  Page page(terminal);
  page.title(fmt::format("{} from {}", text(said, "subject"), text(said, "source")));
  page.field("signed by", fmt::format("{} ({})", signer, id));
  page.field("job", text(said, "job"));
  for (const Json& disk : said.at("disks")) {
    page.field(text(disk, "target"), text(disk, "path"));
    page.field("root", text(disk, "root"));
  }
  fmt::print("{}", page.take());
  return 0;
}

}  // namespace jaunt::cli
