// How long work tells that it advances, as JSON Lines, for scripts.
#pragma once

#include "base/periodic_progress.hpp"

namespace jaunt::cli {

// One line of type "status" on standard output when a stage begins and once a second; notes are such lines, too.
class JsonProgress : public base::PeriodicProgress {
 public:
  JsonProgress() : PeriodicProgress(print) {}

 private:
  static void print(const base::ProgressReport& report);
};

}  // namespace jaunt::cli
