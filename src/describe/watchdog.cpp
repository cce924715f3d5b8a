#include "describe/watchdog.hpp"

#include <fstream>
#include <string>

#include <signal.h>
#include <unistd.h>

namespace jaunt::describe {

namespace {

using namespace std::chrono_literals;

constexpr auto kGlance = 100ms;  // how soon a cancellation is noticed

// The parent of a process, 0 when there is no such process.
pid_t parent_of(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::string word;
  while (status >> word)
    if (pid_t parent = 0; word == "PPid:" && status >> parent)
      return parent;
  return 0;
}

}  // namespace

Watchdog::Watchdog(std::filesystem::path pid_file, base::CancelToken cancel)
    : pid_file_(std::move(pid_file)), cancel_(std::move(cancel)), thread_([this] { watch(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Watchdog::arm(std::chrono::milliseconds patience) {
  const std::lock_guard lock(mutex_);
  deadline_ = std::chrono::steady_clock::now() + patience;
  changed_.notify_all();
}

void Watchdog::disarm() {
  const std::lock_guard lock(mutex_);
  deadline_.reset();
}

bool Watchdog::expired() const {
  const std::lock_guard lock(mutex_);
  return expired_;
}

void Watchdog::watch() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (!deadline_) {
      changed_.wait(lock);
      continue;
    }
    changed_.wait_for(lock, kGlance);
    if (!deadline_ || stopping_)
      continue;
    const bool late = std::chrono::steady_clock::now() >= *deadline_;
    if (late)
      expired_ = true;
    // Again at every glance: the process may not have written its id yet, or be one of the short ones that
    // libguestfs asks about the hypervisor's abilities.
    if (late || cancel_.cancelled())
      kill_appliance();
  }
}

void Watchdog::kill_appliance() const {
  std::ifstream file(pid_file_);
  // The library reaps only what it started, in its own calls; a process that is our child is therefore still the
  // one that wrote the file.
  if (pid_t pid = 0; file >> pid && pid > 1 && parent_of(pid) == ::getpid())
    ::kill(pid, SIGKILL);
}

}  // namespace jaunt::describe
