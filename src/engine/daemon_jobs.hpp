// The jobs that were handed to a daemon: which run, which wait for their next attempt, and what they tell.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "engine/describe_job.hpp"
#include "engine/job_runner.hpp"
#include "engine/job_schedule.hpp"
#include "engine/poll_set.hpp"
#include "engine/teleport_request.hpp"

namespace jaunt::engine {

// What the outside learns. Lines are JSON with the job's id as "job"; after the last one the job is no longer the
// daemon's.
struct JobWatch {
  std::function<void(const std::string& job, const std::string& line, bool last)> heard;
  std::function<void(const std::string& sentence)> log;
  std::function<void(const base::Error&)> failed = [](const base::Error&) {};  // an attempt
};

struct JobTerms {
  std::size_t at_once = 4;
  std::function<base::Command(const std::string& job)> attempt;  // the program that carries a job out
  JobWatch watch;
};

// One thread.
class DaemonJobs {
 public:
  using Clock = JobRunner::Clock;

  DaemonJobs(JobTerms terms, const Workplace& workplace);

  // Those that an earlier daemon had.
  void load();

  // Begins a job; it runs as soon as there is room. Returns its id.
  std::string hand_over(const TeleportRequest& request, bool detached);
  // Goes on with one that was interrupted. Throws not_found, busy where another process has it.
  void resume(const std::string& id);
  // Stops one, so that it can be resumed. Throws not_found where it is not this daemon's.
  void hold(const std::string& id);
  // Gives one up, also one that is not this daemon's. Throws as cancel_teleport().
  void cancel(const std::string& id);

  bool has(const std::string& id) const { return jobs_.contains(id); }
  // The last thing that was told of it, also of one that ended not long ago.
  std::optional<std::string> last_line(const std::string& id) const;

  void watch(PollSet& set);
  // Starts and stops what is due.
  void tick(Clock::time_point now);
  // Stops all where they can be gone on with, and begins none.
  void drain() { draining_ = true; }
  std::size_t running() const;
  std::size_t waiting() const { return jobs_.size() - running(); }

 private:
  struct Entry {
    std::string subject = {};
    JobSchedule schedule = {};
    Clock::time_point due = {};
    std::unique_ptr<JobRunner> runner = {};
    bool held = false;  // to be stopped
    std::string last = {};
    std::optional<std::string> error = {};  // that this attempt ended with
    bool done = false;                      // it said its summary
  };
  using Entries = std::map<std::string, Entry>;

  static bool shall_stop(const Entry& entry) { return entry.held || entry.schedule.wish == Wish::cancel; }

  void take(const std::string& id, const JobSchedule& schedule);
  void start(const std::string& id, Entry& entry);
  void hear(const std::string& id, Entry& entry, const std::string& line);
  // What becomes of a job whose attempt ended; a last line where it is no longer the daemon's.
  std::optional<std::string> after_attempt(const std::string& id, Entry& entry, const base::ExitStatus& status);
  std::optional<std::string> after_failure(const std::string& id, Entry& entry, const base::Error& failure);
  void try_later(const std::string& id, Entry& entry, const base::Error& failure);
  void give_up(const std::string& id);
  void tell(const std::string& id, Entry& entry, const std::string& line);
  void over(Entries::iterator entry, const std::string& line);
  std::filesystem::path folder(const std::string& id) const { return workplace_.home.jobs() / id; }

  const JobTerms terms_;
  const Workplace& workplace_;
  std::minstd_rand random_{std::random_device{}()};
  Entries jobs_;
  std::deque<std::pair<std::string, std::string>> ended_;  // ids and last lines
  bool draining_ = false;
};

}  // namespace jaunt::engine
