// One attempt at a job in a process of its own, whose crash harms no other job.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/process.hpp"
#include "engine/line_buffer.hpp"

namespace jaunt::engine {

// Destruction kills it. One thread, which must live as long as the attempt.
class JobRunner {
 public:
  using Clock = std::chrono::steady_clock;

  // The program prints JSON Lines; what else it says goes where this process's standard error goes.
  explicit JobRunner(const base::Command& program);

  // Readable when there are lines, or when it ends; -1 once it has nothing to say.
  int fd() const { return silent_ ? -1 : out_.get(); }
  Clock::time_point begun() const { return begun_; }

  // The lines that have come; never waits.
  void read(const std::function<void(const std::string&)>& line);
  // Once it has ended and all its lines were read.
  std::optional<base::ExitStatus> ended();
  // Asks it to stop where it can be gone on with, and kills it where it does not; to be called again and again.
  void interrupt(Clock::time_point now);

 private:
  base::Fd out_;
  LineBuffer lines_;
  bool silent_ = false;  // its output has ended
  std::optional<base::Child> child_;
  const Clock::time_point begun_ = Clock::now();
  std::optional<Clock::time_point> interrupted_;
};

}  // namespace jaunt::engine
