// How much anonymous memory another process has at most, as long as it is looked at.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>
#include <thread>

#include <sys/types.h>

namespace jaunt::test_support {

class PeakMemory {
 public:
  explicit PeakMemory(pid_t pid) : status_("/proc/" + std::to_string(pid) + "/status") {
    thread_ = std::thread([this] {
      for (; !over_; std::this_thread::sleep_for(std::chrono::milliseconds(20)))
        look();
    });
  }
  ~PeakMemory() {
    over_ = true;
    thread_.join();
  }
  PeakMemory(const PeakMemory&) = delete;
  PeakMemory& operator=(const PeakMemory&) = delete;

  std::uint64_t peak() const { return peak_; }  // bytes

 private:
  void look() {
    std::ifstream lines(status_);
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with("RssAnon:"))
        peak_ = std::max<std::uint64_t>(peak_, std::stoull(line.substr(8)) * 1024);
  }

  const std::string status_;
  std::atomic<std::uint64_t> peak_ = 0;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

}  // namespace jaunt::test_support
