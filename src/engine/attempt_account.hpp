// What the attempts at a teleport took together, also those that were killed.
#pragma once

#include <chrono>
#include <vector>

#include "engine/job.hpp"
#include "engine/teleport_job.hpp"

namespace jaunt::engine {

// Writes down in the job's journal, again and again, what the attempt under way has taken so far; so of one that is
// killed only the last second, or twentieth part, is not counted. One thread.
class AttemptAccount {
 public:
  // The summary is of this attempt, and grows.
  AttemptAccount(Job& job, const TeleportSummary& summary) : job_(job), summary_(summary) {}

  // Those before it.
  void go_on_with(const std::vector<Record>& records);
  // Writes it down where that was not done just now.
  void note();
  // At the end of an attempt, whatever ended it.
  void note_end() noexcept;

  AttemptTotals totals() const;

 private:
  using Clock = std::chrono::steady_clock;

  AttemptCounted counted() const;

  Job& job_;
  const TeleportSummary& summary_;
  const Clock::time_point begun_ = Clock::now();
  Clock::time_point noted_ = begun_;
  std::vector<AttemptCounted> earlier_;
};

}  // namespace jaunt::engine
