#include "engine/job.hpp"

#include <algorithm>
#include <cstdlib>
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
constexpr base::ByteCount kReceiptBytesMax{base::kMiB};

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
  void operator()(const AttemptFailed&) {}
  void operator()(const AttemptCounted&) {}
  void operator()(const BackupBegun& backup) { backups.push_back(backup); }
  void operator()(const BackupEnded& ended) {
    std::erase_if(backups, [&](const BackupBegun& backup) { return backup.domain == ended.domain; });
  }
  void operator()(const TemporaryMade& made) { temporaries.push_back(made.path); }
  void operator()(const JobFinished&) { finished = true; }
};

// What is left of the past; the oldest goes.
void prune_finished(const Home& home) {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(home.finished()))
    folders.push_back(entry.path());
  std::ranges::sort(folders);
  for (std::size_t i = 0; i + kFinishedJobsMax < folders.size(); ++i)
    fs::remove_all(folders[i]);
}

// The folder of a job that is over goes where it belongs.
void put_away(const Home& home, const fs::path& folder, const std::string& kind) {
  if (kind != kTeleportKind) {
    fs::remove_all(folder);
    return;
  }
  fs::remove(folder / kScheduleName);
  fs::rename(folder, home.finished() / folder.filename());
  prune_finished(home);
}

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

std::optional<Recovered> clean_up(const Home& home, const DeadJob& job, const AbandonBackup& abandon_backup,
                                  Resumable resumable) {
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
    attempt(result.left, [&] {
      if (leftovers.finished)
        put_away(home, job.folder, result.kind);
      else
        fs::remove_all(job.folder);
    });
  const bool nothing_to_tell = result.left.empty() && (leftovers.finished || result.kind.empty());
  return nothing_to_tell ? std::nullopt : std::optional(std::move(result));
}

[[noreturn]] void refuse_unknown(const std::string& id) {
  throw base::Error(base::ErrorKind::not_found, "find", "job " + base::printable(id),
                    "there is no such job in this home", "`jaunt job list` shows those that are kept");
}

// Of a job that is not over.
fs::path open_folder(const Home& home, const std::string& id) {
  if (!is_id(id) || !fs::exists(home.jobs() / id / kJournalName))
    refuse_unknown(id);
  return home.jobs() / id;
}

std::int64_t holder_of(const fs::path& lock) {
  const std::string pid = base::read_text_file(lock, base::ByteCount(64));
  return std::strtoll(pid.c_str(), nullptr, 10);
}

ListedJob listed(const fs::path& folder, const std::vector<Record>& records) {
  ListedJob job{.id = folder.filename().string()};
  for (const Record& record : records) {
    if (const auto* begun = std::get_if<JobBegun>(&record))
      job.begun = *begun;
    if (const auto* requested = std::get_if<Requested>(&record))
      job.request = requested->request;
    if (const auto* failure = std::get_if<AttemptFailed>(&record))
      job.failure = *failure;
    if (const auto* finished = std::get_if<JobFinished>(&record))
      job.finished = *finished;
  }
  return job;
}

std::vector<Record> records_in(const fs::path& folder) {
  return fs::exists(folder / kJournalName) ? read_journal(folder / kJournalName) : std::vector<Record>();
}

ListedJob listed_open(const fs::path& folder) {
  ListedJob job = listed(folder, records_in(folder));
  job.finished.reset();  // until it is put away
  job.alive = !FileLock::try_take(folder / kLockName);
  if (job.alive)
    job.pid = holder_of(folder / kLockName);
  job.schedule = load_schedule(folder);
  return job;
}

// Those that go away meanwhile are left out.
template <class Look>
std::vector<ListedJob> listed_in(const fs::path& folders, const Look& look) {
  std::vector<ListedJob> jobs;
  for (const auto& entry : fs::directory_iterator(folders)) {
    if (!entry.is_directory() || entry.is_symlink())
      continue;
    try {
      jobs.push_back(look(entry.path()));
    } catch (const base::Error& gone) {
      if (fs::exists(entry.path()))
        throw;
    }
  }
  std::ranges::sort(jobs, {}, &ListedJob::id);
  return jobs;
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
  Job job(home, std::move(id), std::move(folder), std::move(lock), std::move(journal));
  job.record(JobBegun{.kind = std::move(kind),
                      .subject = std::move(subject),
                      .version = std::string(base::version()),
                      .pid = ::getpid()});
  return job;
}

Job Job::resume(const Home& home, const std::string& id) {
  const FileLock quiet = home.lock();
  fs::path folder = open_folder(home, id);
  auto lock = FileLock::take(folder / kLockName);
  auto journal = Journal::reopen(folder / kJournalName);
  Job job(home, id, std::move(folder), std::move(lock), std::move(journal));
  const auto records = job.records();
  const auto* begun = records.empty() ? nullptr : std::get_if<JobBegun>(&records.front());
  if (begun == nullptr || begun->kind != kTeleportKind)
    throw base::Error(base::ErrorKind::usage, "resume", "job " + id, "jobs of its kind are begun anew instead");
  if (std::holds_alternative<JobFinished>(records.back())) {
    put_away(home, job.folder(), begun->kind);
    throw base::Error(base::ErrorKind::not_found, "resume", "job " + id, "it is over",
                      fmt::format("`jaunt job show {}` tells how it ended", id));
  }
  return job;
}

std::vector<Record> Job::records() const {
  return read_journal(folder_ / kJournalName);
}

void Job::finish(std::string outcome) {
  record(JobFinished{.outcome = std::move(outcome)});
  std::vector<std::string> left;  // a finished job that stays is put away by the next recover()
  attempt(left, [&] {
    const FileLock quiet = home_.lock();
    put_away(home_, folder_, std::get<JobBegun>(records().front()).kind);
  });
}

std::string ListedJob::state() const {
  if (finished)
    return finished->outcome;
  if (schedule && schedule->wish == Wish::cancel)
    return "cancelling";
  if (alive)
    return "running";
  if (!resumable())
    return "killed";
  return !schedule ? "interrupted" : schedule->failures > 0 ? "waiting" : "queued";
}

std::vector<ListedJob> list_jobs(const Home& home) {
  const FileLock quiet = home.lock();
  return listed_in(home.jobs(), listed_open);
}

std::vector<ListedJob> finished_jobs(const Home& home) {
  const FileLock quiet = home.lock();
  return listed_in(home.finished(), [](const fs::path& folder) { return listed(folder, records_in(folder)); });
}

fs::path job_folder(const Home& home, const std::string& id) {
  for (const fs::path& kind : {home.jobs(), home.finished()})
    if (is_id(id) && fs::exists(kind / id / kJournalName))
      return kind / id;
  refuse_unknown(id);
}

ShownJob show_job(const Home& home, const std::string& id) {
  const FileLock quiet = home.lock();
  const fs::path folder = job_folder(home, id);
  const std::vector<Record> records = read_journal(folder / kJournalName);
  const bool over = folder.parent_path() == home.finished();
  ShownJob shown{.job = over ? listed(folder, records) : listed_open(folder), .records = records, .receipt = {}};
  if (over && fs::exists(folder / kReceiptName))
    shown.receipt = base::read_text_file(folder / kReceiptName, kReceiptBytesMax);
  return shown;
}

void cancel_job(const Home& home, const std::string& id, const MayCancel& check) {
  const FileLock quiet = home.lock();
  const fs::path folder = open_folder(home, id);
  const DeadJob job{folder, FileLock::take(folder / kLockName)};
  check(records_in(folder));
  const auto left_alone = [](const BackupBegun&) {};  // jobs of other kinds are cleaned up by recover()
  const auto result = clean_up(home, job, left_alone, Resumable::go);
  if (result && !result->left.empty())
    throw base::Error(base::ErrorKind::io, "cancel", "job " + id, result->left.front(), "try again");
}

std::vector<Recovered> recover(const Home& home, const AbandonBackup& abandon_backup) {
  std::vector<Recovered> results;
  for (const DeadJob& job : dead_jobs(home))
    if (auto result = clean_up(home, job, abandon_backup, Resumable::stay))
      results.push_back(std::move(*result));
  return results;
}

}  // namespace jaunt::engine
