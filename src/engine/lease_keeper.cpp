#include "engine/lease_keeper.hpp"

#include <exception>

namespace jaunt::engine {

using chunkstore::Clock;
using namespace std::chrono_literals;

namespace {

constexpr auto kAhead = 60min;
constexpr auto kLeast = 30min;
constexpr auto kPause = 1min;

}  // namespace

LeaseKeeper::LeaseKeeper(const Home& home, const model::Plan& plan)
    : home_(home), id_(plan.id), until_(Clock::from_time_t(plan.lease_until)) {
  look(Clock::now());
  thread_ = std::thread([this] { run(); });
}

LeaseKeeper::~LeaseKeeper() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

void LeaseKeeper::look(Clock::time_point now) {
  const std::scoped_lock lock(mutex_);
  if (now >= until_ || until_ - now > kLeast)
    return;
  try {
    KeptPlans(home_).renew(id_, now + kAhead);
    until_ = now + kAhead;
  } catch (const std::exception&) {
    // It was dropped, or the disk is full: the job that uses it holds its blocks in any case.
  }
}

void LeaseKeeper::run() {
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, kPause, [this] { return ending_; })) {
    lock.unlock();
    look(Clock::now());
    lock.lock();
  }
}

}  // namespace jaunt::engine
