// Progress for whoever is told of it from time to time.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/progress.hpp"

namespace jaunt::base {

struct ProgressReport {
  std::string stage;
  ByteCount done;
  ByteCount total;
  std::chrono::duration<double> elapsed{};  // of the stage
  std::string note;                         // then nothing else counts but the stage
};

// Tells when a stage begins, of every note, and once a second besides, on a thread of its own. Texts are printable.
class PeriodicProgress : public Progress {
 public:
  using Tell = std::function<void(const ProgressReport&)>;  // one call at a time; must not throw

  explicit PeriodicProgress(Tell tell, std::chrono::milliseconds every = std::chrono::seconds(1));
  ~PeriodicProgress() override;

  void stage(std::string_view name, ByteCount total) override;
  void advance(ByteCount more) override { done_ += more.value; }
  void note(std::string_view sentence) override;

 private:
  void tell_until_stopped();
  void tell();

  const Tell tell_;
  const std::chrono::milliseconds every_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopped_ = false;
  std::string stage_;
  ByteCount total_;
  std::atomic<std::uint64_t> done_ = 0;
  std::chrono::steady_clock::time_point since_;
  std::thread thread_;
};

}  // namespace jaunt::base
