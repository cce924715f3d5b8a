// Ends an appliance that hangs or is no longer wanted.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

#include <sys/types.h>

#include "base/error.hpp"

namespace jaunt::describe {

// Watches one hypervisor process, started by this one, whose id lies in a file that it writes before it becomes the
// hypervisor. Its own thread; arm() and disarm() are called by the one thread that talks to the appliance.
class Watchdog {
 public:
  Watchdog(std::filesystem::path pid_file, base::CancelToken cancel);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // From now on the appliance must answer within `patience`, or it is killed.
  void arm(std::chrono::milliseconds patience);
  void disarm();

  // Whether the appliance was killed because it did not answer; cancellation does not count.
  bool expired() const;

 private:
  void watch();
  void kill_appliance() const;

  const std::filesystem::path pid_file_;
  const base::CancelToken cancel_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  bool expired_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace jaunt::describe
