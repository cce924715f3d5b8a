// Progress as one line on a terminal.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "base/progress.hpp"
#include "terminal.hpp"

namespace jaunt::cli {

// Shows stage, share, rate and time left on standard error while it is a terminal, and nothing else where it is not.
// Notes are printed in both cases, unless it is quiet. Its own thread redraws; destruction clears the line.
class ProgressLine : public base::Progress {
 public:
  // Whether the lines of stages that ended stay on the screen.
  enum class Stages { go, stay };

  explicit ProgressLine(bool quiet, Stages stages = Stages::go);
  ~ProgressLine() override;

  void stage(std::string_view name, base::ByteCount total) override;
  void advance(base::ByteCount more) override { done_ += more.value; }
  void note(std::string_view sentence) override;

 private:
  void redraw_until_stopped();
  void draw();
  void clear();
  void leave();

  const bool quiet_;
  const Stages stages_;
  const Terminal terminal_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopped_ = false;
  std::string stage_;
  base::ByteCount total_;
  std::atomic<std::uint64_t> done_ = 0;
  std::chrono::steady_clock::time_point since_;
  bool drawn_ = false;
  std::thread thread_;
};

// "reading vda   41 %  1.20 GiB of 2.90 GiB  310 MiB/s  0:05 left"; with a total of zero only the time that passed.
std::string progress_text(std::string_view stage, base::ByteCount done, base::ByteCount total,
                          std::chrono::milliseconds elapsed);

}  // namespace jaunt::cli
