// What a daemon counts, in the text format of Prometheus.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace jaunt::engine {

// Since the daemon began. Any thread.
class DaemonMetrics {
 public:
  // A line that a job told; its last one counts its outcome, and a summary what it brought.
  void count_line(const std::string& line, bool last);
  void count_failed_attempt(const std::string& kind);
  void count_peer_refused();
  void count_conversation();

  // With how many jobs run and wait at this moment.
  std::string text(std::size_t running, std::size_t waiting) const;

 private:
  using Counters = std::map<std::string, double>;  // by the value of their label

  mutable std::mutex mutex_;
  Counters outcomes_;
  Counters attempts_failed_;
  Counters target_bytes_;
  Counters wire_bytes_;
  Counters stage_seconds_;
  std::uint64_t peers_refused_ = 0;
  std::uint64_t conversations_ = 0;
};

}  // namespace jaunt::engine
