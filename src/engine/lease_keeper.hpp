// The lease of a plan that is in use.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "chunkstore/store_references.hpp"
#include "engine/kept_plans.hpp"

namespace jaunt::engine {

// While it lives, neither the plan nor what the store has promised it expires, however short its lease was: that
// always ends half an hour from now or later. A lease that had ended before stays ended. `home` outlives it.
class LeaseKeeper {
 public:
  LeaseKeeper(const Home& home, const model::Plan& plan);
  ~LeaseKeeper();
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

  // What a thread of its own does every minute: renews it where it is time.
  void look(chunkstore::Clock::time_point now);

 private:
  void run();

  const Home& home_;
  const std::string id_;
  std::mutex mutex_;
  chunkstore::Clock::time_point until_;
  bool ending_ = false;
  std::condition_variable ended_;
  std::thread thread_;
};

}  // namespace jaunt::engine
