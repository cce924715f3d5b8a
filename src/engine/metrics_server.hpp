// Answers `GET /metrics` on this host's own loopback interface.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <string>

#include "base/file.hpp"
#include "engine/poll_set.hpp"

namespace jaunt::engine {

// One thread, and nobody who asks makes it wait.
class MetricsServer {
 public:
  using Clock = std::chrono::steady_clock;

  // Throws busy where the port is taken.
  MetricsServer(std::uint16_t port, std::function<std::string()> text);

  void watch(PollSet& set);
  void tick(Clock::time_point now);

 private:
  struct Visit {
    base::Fd fd;
    std::string in = {};
    std::string out = {};
    Clock::time_point begun = Clock::now();
    bool over = false;
  };

  void welcome();
  void serve(Visit& visit);

  const std::function<std::string()> text_;
  base::Fd listening_;
  std::list<Visit> visits_;
};

}  // namespace jaunt::engine
