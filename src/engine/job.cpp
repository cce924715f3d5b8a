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
#include "base/text.hpp"
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
  void operator()(const DomainNamed&) {}
  void operator()(const Requested&) {}
  void operator()(const PlanChosen&) {}
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

enum class Resumable { stay, go };

std::optional<Recovered> clean_up(const DeadJob& job, const AbandonBackup& abandon_backup, Resumable resumable) {
  Recovered result{.id = job.folder.filename().string(), .kind = {}, .subject = {}, .left = {}};
  Leftovers leftovers;
  bool requested = false;
  attempt(result.left, [&] {
    if (!fs::exists(job.folder / kJournalName))
      return;  // killed before it did anything
    for (const Record& record : read_journal(job.folder / kJournalName)) {
      std::visit(leftovers, record);
      requested = requested || std::holds_alternative<Requested>(record);
      if (const auto* begun = std::get_if<JobBegun>(&record)) {
        result.kind = begun->kind;
        result.subject = begun->subject;
      }
    }
  });
  if (resumable == Resumable::stay && result.kind == kTeleportKind && requested && !leftovers.finished)
    return std::nullopt;
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

// The folder of a job that exists.
fs::path folder_of(const Home& home, const std::string& id) {
  if (!is_id(id) || !fs::exists(home.jobs() / id / kJournalName))
    throw base::Error(base::ErrorKind::not_found, "find", "job " + base::printable(id),
                      "there is no such job in this home", "`jaunt job list` shows those that are kept");
  return home.jobs() / id;
}

ListedJob listed(const fs::path& folder) {
  ListedJob job{.id = folder.filename().string(), .begun = {}};
  job.alive = !FileLock::try_take(folder / kLockName);
  if (fs::exists(folder / kJournalName))
    for (const Record& record : read_journal(folder / kJournalName))
      if (const auto* begun = std::get_if<JobBegun>(&record))
        job.begun = *begun;
  return job;
}

}  // namespace

std::string new_id() {
  std::random_device random;
  return fmt::format("{:%Y%m%d-%H%M%S}-{:04x}", fmt::gmtime(std::time(nullptr)), random() & 0xFFFF);
}

bool is_id(std::string_view word) {
  return !word.empty() && word.size() <= 64 && std::ranges::all_of(word, [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-';
  });
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

Job Job::resume(const Home& home, const std::string& id) {
  const FileLock quiet = home.lock();
  fs::path folder = folder_of(home, id);
  auto lock = FileLock::take(folder / kLockName);
  auto journal = Journal::reopen(folder / kJournalName);
  Job job(id, std::move(folder), std::move(lock), std::move(journal));
  const auto records = job.records();
  const auto* begun = records.empty() ? nullptr : std::get_if<JobBegun>(&records.front());
  if (begun == nullptr || begun->kind != kTeleportKind)
    throw base::Error(base::ErrorKind::usage, "resume", "job " + id, "jobs of its kind are begun anew instead");
  return job;
}

std::vector<Record> Job::records() const {
  return read_journal(folder_ / kJournalName);
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
    jobs.push_back(listed(entry.path()));
  }
  std::ranges::sort(jobs, {}, &ListedJob::id);
  return jobs;
}

ShownJob show_job(const Home& home, const std::string& id) {
  const FileLock quiet = home.lock();
  const fs::path folder = folder_of(home, id);
  return {.job = listed(folder), .records = read_journal(folder / kJournalName)};
}

void cancel_job(const Home& home, const std::string& id) {
  const FileLock quiet = home.lock();
  const fs::path folder = folder_of(home, id);
  const DeadJob job{folder, FileLock::take(folder / kLockName)};
  const auto left_alone = [](const BackupBegun&) {};  // jobs of other kinds are cleaned up by recover()
  const auto result = clean_up(job, left_alone, Resumable::go);
  if (result && !result->left.empty())
    throw base::Error(base::ErrorKind::io, "cancel", "job " + id, result->left.front(), "try again");
}

std::vector<Recovered> recover(const Home& home, const AbandonBackup& abandon_backup) {
  std::vector<Recovered> results;
  for (const DeadJob& job : dead_jobs(home))
    if (auto result = clean_up(job, abandon_backup, Resumable::stay))
      results.push_back(std::move(*result));
  return results;
}

}  // namespace jaunt::engine
