// Jobs: long work that a journal makes survivable.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/home.hpp"
#include "engine/job_schedule.hpp"
#include "engine/journal.hpp"

namespace jaunt::engine {

// A name for something that is kept: sorts by time, and is short enough to be typed.
std::string new_id();
// Whether it may have been made so; what somebody typed is no path then.
bool is_id(std::string_view word);

// Jobs of this kind go on where they were when they are resumed; recover() leaves them alone until they are finished
// or cancelled.
inline constexpr const char* kTeleportKind = "teleport";

inline constexpr const char* kReceiptName = "receipt";  // in the folder of a finished one

// A job under way: a folder HOME/jobs/ID with a journal, and a lock that lives as long as the process. A job that is
// destroyed before finish() stays for recover(), as if the process had been killed.
class Job {
 public:
  static Job begin(const Home& home, std::string kind, std::string subject);
  // One of kTeleportKind that was interrupted. Throws not_found where there is none, busy where it runs.
  static Job resume(const Home& home, const std::string& id);

  const std::string& id() const { return id_; }
  const std::filesystem::path& folder() const { return folder_; }

  // Durable when it returns, so record first and act then.
  void record(const Record& record) { journal_.append(record); }
  std::vector<Record> records() const;
  // The job left nothing to clean up. The folder of one of kTeleportKind stays among the finished jobs, with its
  // journal and what else was put there; others go away.
  void finish(std::string outcome);

 private:
  Job(Home home, std::string id, std::filesystem::path folder, FileLock lock, Journal journal)
      : home_(std::move(home)),
        id_(std::move(id)),
        folder_(std::move(folder)),
        lock_(std::move(lock)),
        journal_(std::move(journal)) {}

  Home home_;
  std::string id_;
  std::filesystem::path folder_;
  FileLock lock_;
  Journal journal_;
};

// How many finished jobs are kept; the oldest go first.
inline constexpr std::size_t kFinishedJobsMax = 500;

// A job as others see it.
struct ListedJob {
  std::string id;
  JobBegun begun = {};  // empty where it has not come so far
  bool alive = false;
  std::int64_t pid = 0;                       // of the process that works on it, while it is alive
  std::optional<AttemptFailed> failure = {};  // of the last attempt
  std::optional<JobFinished> finished = {};   // it is over, and only remembered
  std::optional<JobSchedule> schedule = {};   // a daemon has it
  std::string request = {};                   // what it was asked for, as its kind writes it

  bool resumable() const { return !alive && !finished && begun.kind == kTeleportKind; }
  // "running", "queued", "waiting" (for its next attempt), "cancelling", "interrupted" (it can be resumed), "killed"
  // (the next command cleans up), or how it ended.
  std::string state() const;
};
std::vector<ListedJob> list_jobs(const Home& home);      // oldest first
std::vector<ListedJob> finished_jobs(const Home& home);  // oldest first

// One job, also a finished one, and all that its journal says. Throws not_found.
struct ShownJob {
  ListedJob job;
  std::vector<Record> records;
  std::optional<std::string> receipt;  // of a finished teleport
};
ShownJob show_job(const Home& home, const std::string& id);

// The folder of a job that exists, finished or not. Throws not_found.
std::filesystem::path job_folder(const Home& home, const std::string& id);

// Throws what speaks against giving up a job with this journal.
using MayCancel = std::function<void(const std::vector<Record>&)>;
// Removes an interrupted job and what it left, its hidden files included. Throws not_found, or busy where it runs;
// an io error when something could not be removed, which then stays to be cancelled again.
void cancel_job(const Home& home, const std::string& id, const MayCancel& check);

// Ends a libvirt backup that nobody reads any more, and removes its files; success when there is none.
using AbandonBackup = std::function<void(const BackupBegun&)>;

struct Recovered {
  std::string id;
  std::string kind;
  std::string subject;
  std::vector<std::string> left;  // what could not be cleaned up, and why; the next recover() tries again
};

// Cleans up after jobs whose process is gone. Jobs that are alive are not touched.
std::vector<Recovered> recover(const Home& home, const AbandonBackup& abandon_backup);

}  // namespace jaunt::engine
