#include "base/periodic_progress.hpp"

#include <utility>

#include "base/text.hpp"

namespace jaunt::base {

PeriodicProgress::PeriodicProgress(Tell tell, std::chrono::milliseconds every)
    : tell_(std::move(tell)),
      every_(every),
      since_(std::chrono::steady_clock::now()),
      thread_([this] { tell_until_stopped(); }) {}

PeriodicProgress::~PeriodicProgress() {
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
  }
  stop_.notify_all();
  thread_.join();
}

void PeriodicProgress::stage(std::string_view name, ByteCount total) {
  const std::scoped_lock lock(mutex_);
  stage_ = printable(name);
  total_ = total;
  done_ = 0;
  since_ = std::chrono::steady_clock::now();
  tell();
}

void PeriodicProgress::note(std::string_view sentence) {
  const std::scoped_lock lock(mutex_);
  tell_({.stage = stage_, .done = {}, .total = {}, .note = printable(sentence)});
}

void PeriodicProgress::tell_until_stopped() {
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, every_, [this] { return stopped_; }))
    if (!stage_.empty())
      tell();
}

void PeriodicProgress::tell() {
  tell_({.stage = stage_,
         .done = ByteCount(done_.load()),
         .total = total_,
         .elapsed = std::chrono::steady_clock::now() - since_,
         .note = {}});
}

}  // namespace jaunt::base
