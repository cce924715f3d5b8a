#include "daemon_talk.hpp"

#include <cstdio>
#include <memory>
#include <span>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "attempts.hpp"
#include "base/progress.hpp"
#include "base/text.hpp"
#include "context.hpp"
#include "engine/teleport_report.hpp"
#include "interrupt.hpp"
#include "progress_line.hpp"
#include "report.hpp"
#include "teleport_screen.hpp"

namespace jaunt::cli {

using base::Error;
using base::ErrorKind;
using engine::ControlClient;
using engine::ControlRequest;
using Json = nlohmann::ordered_json;

namespace {

constexpr int kInterrupted = 16;
constexpr int kEnded = 130;

// One job that was handed over, and the conversation about it.
struct Handed {
  ControlClient daemon;
  std::string job;
};

ControlClient daemon_of(const Invocation& invocation) {
  auto daemon = ControlClient::find(home_path(invocation));
  if (!daemon)
    throw Error(ErrorKind::not_found, "hand over", "the job", "no daemon runs in this home",
                "systemctl start jauntd, or leave --detach out");
  return std::move(*daemon);
}

Json line_of(ControlClient& daemon) {
  const auto line = daemon.receive(interrupted());
  const Json json = line ? Json::parse(*line, nullptr, false) : Json();
  if (!json.is_object())
    throw Error(ErrorKind::peer, "hear", "the daemon", "it ended the conversation", "look into its log");
  if (json.value("type", "") == "error")
    throw engine::error_from_json(*line);
  return json;
}

// What the daemon tells of a job, as the command line shows its own.
class Follower {
 public:
  explicit Follower(const Invocation& invocation) : json_(invocation.flag("--json")) {
    if (!json_)
      progress_ = std::make_unique<ProgressLine>(invocation.flag("--quiet"), ProgressLine::Stages::stay);
  }

  // The exit code once it is over.
  std::optional<int> hear(const std::string& line) {
    const Json json = Json::parse(line);
    const std::string type = json.value("type", "");
    if (type == "status") {
      show(line, json);
      return std::nullopt;
    }
    progress_.reset();  // its line goes
    if (type == "error") {
      const Error error = engine::error_from_json(line);
      return json_ ? (print(error_json(error)), exit_code_of(error.kind())) : report(error, false);
    }
    if (type == "summary") {
      print(json_ ? line : teleport_screen(line, Terminal::of(STDOUT_FILENO)));
      return 0;
    }
    if (json_)
      print(line);
    else
      say(type, json.value("job", ""));
    return type == "cancelled" ? 1 : kInterrupted;
  }

 private:
  void show(const std::string& line, const Json& json) {
    if (json_)
      return print(line);
    if (json.contains("note"))
      return progress_->note(json.value("note", ""));
    const std::uint64_t done = json.value("bytes_done", std::uint64_t{0});
    if (const std::string stage = json.value("stage", ""); stage != stage_ || done < done_) {
      progress_->stage(stage, base::ByteCount(json.value("bytes_total", std::uint64_t{0})));
      stage_ = stage;
      done_ = 0;
    }
    progress_->advance(base::ByteCount(done - done_));
    done_ = done;
  }

  static void say(const std::string& type, const std::string& job) {
    if (type == "interrupted")
      fmt::print(stderr, "jaunt: what was placed stays; go on with: jaunt job resume {}\n", job);
    else if (type == "gone")
      fmt::print(stderr, "jaunt: the daemon ends; job {} goes on when it runs again\n", job);
    else
      fmt::print(stderr, "jaunt: job {} was cancelled\n", job);
  }

  static void print(const std::string& text) {
    fmt::print("{}{}", text, text.ends_with("\n") ? "" : "\n");
    std::fflush(stdout);
  }

  const bool json_;
  std::unique_ptr<ProgressLine> progress_;
  std::string stage_;
  std::uint64_t done_ = 0;
};

int follow(Handed& handed, const Invocation& invocation) {
  Follower follower(invocation);
  while (const auto line = handed.daemon.receive(interrupted()))
    if (const auto code = follower.hear(*line))
      return *code;
  return *follower.hear(Json({{"type", "gone"}, {"job", handed.job}}).dump());
}

// Those that a person no longer waits for.
int stop(std::span<const Handed> jobs, const Invocation& invocation) {
  if (!interrupted_by_hand())
    return kEnded;  // whoever is gone cannot wait, and the daemon goes on
  for (const Handed& handed : jobs) {
    auto daemon = ControlClient::find(home_path(invocation));
    if (!daemon)
      continue;
    daemon->ask({.does = ControlRequest::Does::hold, .job = handed.job});
    Follower follower(invocation);
    const base::CancelToken patient;  // a second Ctrl-C ends this process
    while (const auto line = daemon->receive(patient)) {
      const std::string type = Json::parse(*line).value("type", "");
      if (type != "status" && follower.hear(*line))
        break;
    }
  }
  return kInterrupted;
}

}  // namespace

bool owns_home(const std::filesystem::path& home) {
  struct stat status {};
  return ::geteuid() == 0 || ::stat(home.c_str(), &status) != 0 || status.st_uid == ::geteuid();
}

std::vector<std::string> ask_daemon(ControlClient daemon, const ControlRequest& request) {
  daemon.ask(request);
  std::vector<std::string> lines;
  for (Json line = line_of(daemon); line.value("type", "") != "end"; line = line_of(daemon)) {
    lines.push_back(line.dump());
    if (const std::string type = line.value("type", ""); type == "cancelled" || type == "summary")
      break;
  }
  return lines;
}

int hand_over(const std::vector<std::string>& subjects, const Invocation& invocation,
              const std::function<ControlRequest(const std::string&)>& request_of) {
  const bool json = invocation.flag("--json");
  std::vector<Handed> jobs;
  Attempts attempts(subjects.size(), json);
  for (const std::string& subject : subjects)
    attempts.attempt([&] {
      Handed handed{.daemon = daemon_of(invocation), .job = {}};
      ControlRequest request = request_of(subject);
      request.detached = invocation.flag("--detach");
      handed.daemon.ask(request);
      const Json told = line_of(handed.daemon);
      handed.job = told.at("id").get<std::string>();
      if (json)
        fmt::print("{}\n", told.dump());
      else if (request.detached)
        fmt::print("{}\n", handed.job);
      jobs.push_back(std::move(handed));
      return 0;
    });
  std::fflush(stdout);
  if (!invocation.flag("--detach"))
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      try {
        attempts.attempt([&] { return follow(jobs[i], invocation); });
      } catch (const base::Cancelled&) {
        return stop(std::span(jobs).subspan(i), invocation);
      }
    }
  return attempts.exit_code();
}

}  // namespace jaunt::cli
