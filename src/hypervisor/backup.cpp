#include "hypervisor/backup.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "hypervisor/backup_job.hpp"
#include "hypervisor/guest_freeze.hpp"
#include "hypervisor/scratch.hpp"

namespace jaunt::hypervisor {

namespace {

using namespace std::chrono_literals;
using base::ByteCount;
using base::Error;
using base::ErrorKind;

// How often the scratch files are looked at: between two looks a guest must not fill what is kept free.
constexpr auto kScratchTick = 50ms;
// How many of these between two questions to libvirt whether the job is still there.
constexpr int kTicksPerQuestion = 20;

std::string subject_of(const Domain& domain) {
  return "domain " + base::printable(domain.name());
}

struct Targets {
  std::vector<std::string> wanted;
  std::vector<std::string> left_out;
};

Targets targets_of(const DomainXml& xml) {
  Targets targets;
  for (const auto& disk : xml.disks) {
    const bool wanted = disk.role == model::DiskRole::disk && !disk.read_only && disk.source_type != "none";
    (wanted ? targets.wanted : targets.left_out).push_back(disk.target);
  }
  return targets;
}

void check_room(const ScratchFolder& folder, const BackupOptions& options) {
  const auto free = folder.free();
  if (free <= options.keep_free)
    throw Error(ErrorKind::no_space, "begin a backup in", folder.path().string(),
                fmt::format("only {} are free there, and {} must stay free", base::human_bytes(free),
                            base::human_bytes(options.keep_free)),
                "make room there, or configure another scratch folder");
}

// Everything that a backup in this folder may have left.
void clean(const Domain& domain, const std::filesystem::path& folder) {
  thaw_leftover(domain, frozen_note(folder));
  end_job(domain, folder / ScratchFolder::kSocketName);
  remove_scratch(folder);
}

}  // namespace

// Lives at one address, for its watchdog.
struct Backup::Job {
  Job(const Domain& of, const BackupOptions& with, const Account& owner)
      : domain(of), options(with), folder(with.folder, owner) {}
  ~Job();

  void take_instant(const DomainXml& xml);
  void watch();
  void stop_watching();
  void check_scratch();
  void check_job();
  // Ends the job with this as the reason that readers get.
  void lose(const Error& reason);
  void throw_if_lost();
  void clean_up();

  Domain domain;
  BackupOptions options;
  ScratchFolder folder;
  std::vector<BackupDisk> disks;
  bool frozen = false;
  std::string consistency;

  std::mutex mutex;  // of the two below
  std::condition_variable wake;
  bool stopping = false;
  std::optional<Error> lost;
  bool cleaned = false;
  std::thread watchdog;
};

Backup::Job::~Job() {
  stop_watching();
  try {
    clean_up();
  } catch (const Error&) {
    // abandon_backup() finds what is left.
  }
}

void Backup::Job::take_instant(const DomainXml& xml) {
  const auto targets = targets_of(xml);
  if (targets.wanted.empty())
    throw Error(ErrorKind::not_found, "begin a backup of", subject_of(domain), "it has no disk that it can write to",
                "read its images directly");
  check_room(folder, options);
  std::optional<GuestFreeze> freeze;
  if (options.freeze && xml.agent_connected)
    freeze.emplace(domain, frozen_note(folder.path()));
  begin_job(domain, targets.wanted, targets.left_out, folder);
  frozen = freeze && freeze->frozen();
  if (frozen)
    consistency = "the guest's filesystems were frozen for the instant";
  else
    consistency = fmt::format("as after a loss of power: {}", freeze                ? freeze->why_not()
                                                              : xml.agent_connected ? "freezing was not asked for"
                                                                                    : "no guest agent answers");
  if (freeze)
    freeze->thaw();
  for (const auto& target : targets.wanted)
    disks.push_back({target, {folder.socket(), target}});
}

void Backup::Job::watch() {
  std::unique_lock lock(mutex);
  for (int tick = 1; !wake.wait_for(lock, kScratchTick, [this] { return stopping; }) && !lost; ++tick) {
    lock.unlock();
    try {
      check_scratch();
      if (tick % kTicksPerQuestion == 0)
        check_job();
    } catch (const Error& error) {
      lose(error);
    }
    lock.lock();
  }
}

void Backup::Job::stop_watching() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
  }
  wake.notify_all();
  if (watchdog.joinable())
    watchdog.join();
}

void Backup::Job::check_scratch() {
  const auto full = [&](const std::string& cause) {
    return Error(ErrorKind::no_space, "keep the backup of " + subject_of(domain) + " in", folder.path().string(),
                 cause + ", so it was cancelled before the guest's own writes would fail",
                 "make room there, configure a scratch folder with more, or try when the guest writes less");
  };
  const auto used = folder.used();
  if (options.scratch_bytes_max && used > *options.scratch_bytes_max)
    throw full(fmt::format("what the guest overwrote meanwhile takes {}, more than the limit of {}",
                           base::human_bytes(used), base::human_bytes(*options.scratch_bytes_max)));
  if (const auto free = folder.free(); free < options.keep_free)
    throw full(fmt::format("only {} are left free, and {} must stay free", base::human_bytes(free),
                           base::human_bytes(options.keep_free)));
}

void Backup::Job::check_job() {
  const auto lost_because = [&](const std::string& cause) {
    return Error(ErrorKind::hypervisor, "keep the backup of", subject_of(domain), cause, "begin again");
  };
  switch (state_of_job(domain, folder.socket())) {
    case JobState::ours:
      return;
    case JobState::gone:
      throw lost_because("somebody else ended its backup job");
    case JobState::stopped:
      throw lost_because("the domain stopped");
    case JobState::unknown:
      throw lost_because("libvirt does not answer any more");
  }
}

void Backup::Job::lose(const Error& reason) {
  {
    const std::lock_guard lock(mutex);
    lost = reason;
  }
  try {
    clean_up();
  } catch (const Error&) {
    // Tried again at the end, and by abandon_backup().
  }
}

void Backup::Job::throw_if_lost() {
  const std::lock_guard lock(mutex);
  if (lost)
    throw Error(*lost);
}

void Backup::Job::clean_up() {
  if (cleaned)
    return;
  if (state_of_job(domain, folder.socket()) == JobState::unknown)
    abandon_backup(Connection::open(domain.uri()), domain.uuid(), folder.path());  // our connection broke
  else
    clean(domain, folder.path());
  cleaned = true;
}

Backup::Backup(std::unique_ptr<Job> job) : job_(std::move(job)) {}
Backup::Backup(Backup&&) noexcept = default;
Backup& Backup::operator=(Backup&&) noexcept = default;
Backup::~Backup() = default;

Backup Backup::begin(const Domain& domain, const BackupOptions& options) {
  if (!domain.active())
    throw Error(ErrorKind::hypervisor, "begin a backup of", subject_of(domain), "it does not run",
                "read its images directly");
  const auto xml = parse_domain(domain.xml());
  auto job = std::make_unique<Job>(domain, options, xml.owner.value_or(Account{::geteuid(), ::getegid()}));
  job->take_instant(xml);
  job->watchdog = std::thread([raw = job.get()] { raw->watch(); });
  return Backup(std::move(job));
}

const std::vector<BackupDisk>& Backup::disks() const {
  return job_->disks;
}

bool Backup::frozen() const {
  return job_->frozen;
}

const std::string& Backup::consistency() const {
  return job_->consistency;
}

ByteCount Backup::scratch_used() const {
  return job_->folder.used();
}

void Backup::check() const {
  job_->throw_if_lost();
  job_->check_job();
}

void Backup::finish() {
  job_->stop_watching();
  check();
  job_->clean_up();
}

void abandon_backup(const Connection& connection, const std::string& domain_uuid,
                    const std::filesystem::path& folder) {
  const auto absolute = std::filesystem::absolute(folder);
  if (const auto domain = connection.find(domain_uuid))
    clean(*domain, absolute);
  else
    remove_scratch(absolute);
}

}  // namespace jaunt::hypervisor
