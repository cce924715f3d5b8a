#include "engine/daemon_jobs.hpp"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "engine/job.hpp"
#include "engine/teleport_job.hpp"
#include "engine/teleport_report.hpp"

namespace jaunt::engine {

using base::Error;
using base::ErrorKind;
using Json = nlohmann::ordered_json;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kJobsMax = 1000;
constexpr std::size_t kEndedMax = 256;
constexpr unsigned kCrashesMax = 5;
constexpr auto kGotOn = 30s;  // an attempt that ran so long is no failure in a row

std::string with_job(const std::string& id, const std::string& line) {
  Json json = Json::parse(line, nullptr, false);
  if (!json.is_object())
    json = Json::object();
  json["job"] = id;
  return json.dump();
}

std::string end_line(const std::string& id, const char* type) {
  return Json({{"type", type}, {"job", id}}).dump();
}

std::string type_of(const std::string& line) {
  const Json json = Json::parse(line, nullptr, false);
  return json.is_object() && json.contains("type") && json["type"].is_string() ? json["type"].get<std::string>() : "";
}

}  // namespace

DaemonJobs::DaemonJobs(JobTerms terms, const Workplace& workplace)
    : terms_(std::move(terms)), workplace_(workplace) {}

void DaemonJobs::load() {
  for (const ListedJob& job : list_jobs(workplace_.home))
    if (job.schedule && job.begun.kind == kTeleportKind) {
      take(job.id, *job.schedule);
      terms_.watch.log(fmt::format("job {} ({}) is gone on with", job.id, base::printable(job.begun.subject)));
    }
}

void DaemonJobs::take(const std::string& id, const JobSchedule& schedule) {
  Entry& entry = jobs_[id];
  entry.subject = show_job(workplace_.home, id).job.begun.subject;
  entry.schedule = schedule;
  entry.due = Clock::now();
}

std::string DaemonJobs::hand_over(const TeleportRequest& request, bool detached) {
  if (jobs_.size() >= kJobsMax)
    throw Error(ErrorKind::limit, "hand over", base::printable(request.subject.name),
                fmt::format("the daemon has {} jobs already", kJobsMax), "cancel some, or wait for them");
  const TeleportRequest whole = completed(request, workplace_.home, workplace_.config);
  std::string id = hand_over_teleport(whole.subject, whole.options, detached, workplace_);
  take(id, {});
  terms_.watch.log(fmt::format("job {}: {} from {}", id, base::printable(whole.subject.name),
                               base::printable(whole.subject.node())));
  return id;
}

void DaemonJobs::resume(const std::string& id) {
  if (has(id)) {
    jobs_[id].due = Clock::now();
    jobs_[id].held = false;
    return;
  }
  { const Job free = Job::resume(workplace_.home, id); }
  store_schedule(folder(id), {});
  take(id, {});
}

void DaemonJobs::hold(const std::string& id) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end())
    throw Error(ErrorKind::not_found, "stop", "job " + base::printable(id), "it is not the daemon's");
  drop_schedule(folder(id));
  found->second.held = true;
}

void DaemonJobs::cancel(const std::string& id) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end())
    return cancel_teleport(id, workplace_.home);
  found->second.schedule.wish = Wish::cancel;
  found->second.due = Clock::now();
  store_schedule(folder(id), found->second.schedule);
}

std::optional<std::string> DaemonJobs::last_line(const std::string& id) const {
  if (const auto found = jobs_.find(id); found != jobs_.end())
    return found->second.last.empty() ? std::nullopt : std::optional(found->second.last);
  for (const auto& [ended, line] : ended_)
    if (ended == id)
      return line;
  return std::nullopt;
}

std::size_t DaemonJobs::running() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(jobs_, [](const auto& one) { return one.second.runner != nullptr; }));
}

void DaemonJobs::watch(PollSet& set) {
  for (auto& job : jobs_)
    if (job.second.runner)
      set.watch(job.second.runner->fd(), POLLIN, [this, &job](short) {
        job.second.runner->read([&](const std::string& line) { hear(job.first, job.second, line); });
      });
}

void DaemonJobs::tick(Clock::time_point now) {
  for (auto next = jobs_.begin(); next != jobs_.end();) {
    const auto at = next++;
    auto& [id, entry] = *at;
    if (entry.runner && (draining_ || shall_stop(entry)))
      entry.runner->interrupt(now);
    if (entry.runner) {
      if (const auto status = entry.runner->ended()) {
        const auto last = after_attempt(id, entry, *status);
        entry.runner.reset();
        if (last)
          over(at, *last);
      }
    } else if (entry.schedule.wish == Wish::cancel && entry.due <= now) {
      give_up(id);
    } else if (entry.held) {
      over(at, end_line(id, "interrupted"));
    }
  }
  std::size_t room = draining_ ? 0 : terms_.at_once - std::min(terms_.at_once, running());
  for (auto next = jobs_.begin(); next != jobs_.end() && room > 0; ++next)
    if (!next->second.runner && !shall_stop(next->second) && next->second.due <= now) {
      start(next->first, next->second);
      --room;
    }
}

void DaemonJobs::start(const std::string& id, Entry& entry) {
  entry.error.reset();
  entry.done = false;
  try {
    entry.runner = std::make_unique<JobRunner>(terms_.attempt(id));
  } catch (const Error& failure) {
    try_later(id, entry, failure);
  }
}

void DaemonJobs::hear(const std::string& id, Entry& entry, const std::string& line) {
  const std::string type = type_of(line);
  if (type == "error") {
    entry.error = line;  // what it means is known when the attempt has ended
    return;
  }
  entry.done = entry.done || type == "summary";
  entry.last = with_job(id, line);
  if (type == "status")
    terms_.watch.heard(id, entry.last, false);
}

std::optional<std::string> DaemonJobs::after_attempt(const std::string& id, Entry& entry,
                                                     const base::ExitStatus& status) {
  if (entry.done) {
    terms_.watch.log(fmt::format("job {}: done", id));
    return entry.last;
  }
  if (entry.schedule.wish == Wish::cancel || draining_)
    return std::nullopt;
  if (entry.held)
    return end_line(id, "interrupted");
  if (entry.error)
    return after_failure(id, entry, error_from_json(*entry.error));
  const Error crash(ErrorKind::io, "carry out", "job " + id, "its process ended with " + status.describe());
  terms_.watch.failed(crash);
  if (!std::filesystem::exists(folder(id)))
    return with_job(id, to_json(crash));
  if (entry.schedule.failures < kCrashesMax) {
    try_later(id, entry, crash);
    return std::nullopt;
  }
  drop_schedule(folder(id));
  return with_job(id, to_json(crash));
}

std::optional<std::string> DaemonJobs::after_failure(const std::string& id, Entry& entry, const Error& failure) {
  terms_.watch.failed(failure);
  const bool stays = std::filesystem::exists(folder(id));
  if (stays && passes_by_itself(failure.kind())) {
    try_later(id, entry, failure);
    return std::nullopt;
  }
  terms_.watch.log(fmt::format("job {}: {}", id, base::printable(failure.what())));
  if (stays)
    drop_schedule(folder(id));
  return with_job(id, to_json(failure));
}

void DaemonJobs::try_later(const std::string& id, Entry& entry, const Error& failure) {
  const auto now = Clock::now();
  const bool got_on = entry.runner && now - entry.runner->begun() > kGotOn;
  entry.schedule.failures = got_on ? 1 : entry.schedule.failures + 1;
  const auto delay = retry_delay(entry.schedule.failures, random_);
  entry.due = now + delay;
  entry.schedule.retry_at = std::time(nullptr) + std::chrono::ceil<std::chrono::seconds>(delay).count();
  try {
    store_schedule(folder(id), entry.schedule);
  } catch (const Error& unwritten) {  // the disk may be full; what it says still is right, but for the time
    terms_.watch.log(fmt::format("job {}: {}", id, base::printable(unwritten.what())));
  }
  const std::string note = fmt::format("{}; the next attempt is in {}", failure.what(), base::human_duration(delay));
  terms_.watch.log(fmt::format("job {}: {}", id, base::printable(note)));
  tell(id, entry, Json({{"type", "status"}, {"stage", "waiting"}, {"note", base::printable(note)}}).dump());
}

void DaemonJobs::give_up(const std::string& id) {
  const auto at = jobs_.find(id);
  try {
    if (std::filesystem::exists(folder(id)))
      cancel_teleport(id, workplace_.home);
    terms_.watch.log(fmt::format("job {}: cancelled", id));
    over(at, end_line(id, "cancelled"));
  } catch (const Error& failure) {
    if (failure.kind() == ErrorKind::usage) {  // it came too late
      at->second.schedule.wish = Wish::run;
      return try_later(id, at->second, failure);
    }
    terms_.watch.log(fmt::format("job {}: {}", id, base::printable(failure.what())));
    at->second.due = Clock::now() + retry_delay(++at->second.schedule.failures, random_);
  }
}

void DaemonJobs::tell(const std::string& id, Entry& entry, const std::string& line) {
  entry.last = with_job(id, line);
  terms_.watch.heard(id, entry.last, false);
}

void DaemonJobs::over(Entries::iterator entry, const std::string& line) {
  const std::string id = entry->first;
  jobs_.erase(entry);
  ended_.emplace_back(id, line);
  if (ended_.size() > kEndedMax)
    ended_.pop_front();
  terms_.watch.heard(id, line, true);
}

}  // namespace jaunt::engine
