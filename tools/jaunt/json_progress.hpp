// Progress as JSON Lines, for scripts.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "base/progress.hpp"

namespace jaunt::cli {

// One line of type "status" on standard output when a stage begins and once a second; notes are such lines, too. Its
// own thread writes.
class JsonProgress : public base::Progress {
 public:
  explicit JsonProgress(std::chrono::milliseconds every = std::chrono::seconds(1));
  ~JsonProgress() override;

  void stage(std::string_view name, base::ByteCount total) override;
  void advance(base::ByteCount more) override { done_ += more.value; }
  void note(std::string_view sentence) override;

 private:
  void write_until_stopped();
  void write();

  const std::chrono::milliseconds every_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopped_ = false;
  std::string stage_;
  base::ByteCount total_;
  std::atomic<std::uint64_t> done_ = 0;
  std::chrono::steady_clock::time_point since_;
  std::thread thread_;
};

}  // namespace jaunt::cli
