#include "engine/job.hpp"

#include <algorithm>
#include <ctime>
#include <optional>
#include <random>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/version.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;

namespace {

constexpr const char* kJournalName = "journal";
constexpr const char* kLockName = "lock";

struct DeadJob {
  fs::path folder;
  FileLock lock;
};

std::vector<DeadJob> dead_jobs(const Home& home) {
  const FileLock quiet = home.lock();  // no job is half made now
  std::vector<DeadJob> dead;
  for (const auto& entry : fs::directory_iterator(home.jobs()))
    if (entry.is_directory() && !entry.is_symlink())
      if (auto lock = FileLock::try_take(entry.path() / kLockName))
        dead.push_back({entry.path(), std::move(*lock)});
  std::sort(dead.begin(), dead.end(), [](const DeadJob& a, const DeadJob& b) { return a.folder < b.folder; });
  return dead;
}

// What a journal says is left: backups without an end, temporary files, and whether the job ended well.
struct Leftovers {
  std::vector<BackupBegun> backups;
  std::vector<std::string> temporaries;
  bool finished = false;

  void operator()(const JobBegun&) {}
  void operator()(const StageDone&) {}
  void operator()(const BackupBegun& backup) { backups.push_back(backup); }
  void operator()(const BackupEnded& ended) {
    std::erase_if(backups, [&](const BackupBegun& backup) { return backup.domain == ended.domain; });
  }
  void operator()(const TemporaryMade& made) { temporaries.push_back(made.path); }
  void operator()(const JobFinished&) { finished = true; }
};

template <class Action>
void attempt(std::vector<std::string>& left, Action&& action) {
  try {
    action();
  } catch (const base::Error& failure) {
    left.emplace_back(failure.what());
  } catch (const fs::filesystem_error& failure) {
    left.emplace_back(failure.what());
  }
}

std::optional<Recovered> clean_up(const DeadJob& job, const AbandonBackup& abandon_backup) {
  Recovered result{.id = job.folder.filename().string(), .kind = {}, .subject = {}, .left = {}};
  Leftovers leftovers;
  attempt(result.left, [&] {
    if (!fs::exists(job.folder / kJournalName))
      return;  // killed before it did anything
    for (const Record& record : read_journal(job.folder / kJournalName)) {
      std::visit(leftovers, record);
      if (const auto* begun = std::get_if<JobBegun>(&record)) {
        result.kind = begun->kind;
        result.subject = begun->subject;
      }
    }
  });
  if (!leftovers.finished) {
    for (const BackupBegun& backup : leftovers.backups)
      attempt(result.left, [&] { abandon_backup(backup); });
    for (const std::string& path : leftovers.temporaries)
      attempt(result.left, [&] { fs::remove_all(path); });
  }
  if (result.left.empty())
    attempt(result.left, [&] { fs::remove_all(job.folder); });
  const bool nothing_to_tell = result.left.empty() && (leftovers.finished || result.kind.empty());
  return nothing_to_tell ? std::nullopt : std::optional(std::move(result));
}

}  // namespace

std::string new_id() {
  std::random_device random;
  return fmt::format("{:%Y%m%d-%H%M%S}-{:04x}", fmt::gmtime(std::time(nullptr)), random() & 0xFFFF);
}

Job Job::begin(const Home& home, std::string kind, std::string subject) {
  const FileLock quiet = home.lock();
  std::string id = new_id();
  fs::path folder = home.jobs() / id;
  if (::mkdir(folder.c_str(), 0700) != 0)
    base::throw_errno(errno, "create the folder", folder.string());
  auto lock = FileLock::take(folder / kLockName);
  auto journal = Journal::create(folder / kJournalName);
  base::sync_directory(home.jobs());
  Job job(std::move(id), std::move(folder), std::move(lock), std::move(journal));
  job.record(JobBegun{.kind = std::move(kind),
                      .subject = std::move(subject),
                      .version = std::string(base::version()),
                      .pid = ::getpid()});
  return job;
}

void Job::finish(std::string outcome) {
  record(JobFinished{.outcome = std::move(outcome)});
  std::error_code left;  // a finished job that stays is removed by the next recover()
  fs::remove_all(folder_, left);
}

std::vector<ListedJob> list_jobs(const Home& home) {
  const FileLock quiet = home.lock();
  std::vector<ListedJob> jobs;
  for (const auto& entry : fs::directory_iterator(home.jobs())) {
    if (!entry.is_directory() || entry.is_symlink())
      continue;
    ListedJob job{.id = entry.path().filename().string(), .begun = {}};
    job.alive = !FileLock::try_take(entry.path() / kLockName);
    if (fs::exists(entry.path() / kJournalName))
      for (const Record& record : read_journal(entry.path() / kJournalName))
        if (const auto* begun = std::get_if<JobBegun>(&record))
          job.begun = *begun;
    jobs.push_back(std::move(job));
  }
  std::ranges::sort(jobs, {}, &ListedJob::id);
  return jobs;
}

std::vector<Recovered> recover(const Home& home, const AbandonBackup& abandon_backup) {
  std::vector<Recovered> results;
  for (const DeadJob& job : dead_jobs(home))
    if (auto result = clean_up(job, abandon_backup))
      results.push_back(std::move(*result));
  return results;
}

}  // namespace jaunt::engine
