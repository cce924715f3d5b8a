// How fast a link is, told from what crosses it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/units.hpp"
#include "transport/rate_limit.hpp"

namespace jaunt::transport {

// Counts only while more is waiting than the link takes: what an idle link carries says nothing about it. What is
// older than some seconds counts less and less. One thread.
class RateMeter {
 public:
  // So many bytes went; whether more was waiting all the time since the last call.
  void moved(std::uint64_t bytes, bool kept_busy, Moment now) {
    if (kept_busy && last_ != Moment{}) {
      busy_ += std::chrono::duration<double>(now - last_).count();
      bytes_ += static_cast<double>(bytes);
      if (busy_ > kRemembered) {
        bytes_ *= 0.5;
        busy_ *= 0.5;
      }
    }
    last_ = now;
  }

  // In a second; nullopt while too little has gone to tell.
  std::optional<base::ByteCount> rate() const {
    if (busy_ < kTelling || bytes_ < kTellingBytes)
      return std::nullopt;
    return base::ByteCount(static_cast<std::uint64_t>(bytes_ / busy_));
  }

 private:
  static constexpr double kRemembered = 4;  // seconds
  static constexpr double kTelling = 0.2;
  static constexpr double kTellingBytes = 64 * 1024;

  Moment last_{};
  double busy_ = 0;
  double bytes_ = 0;
};

}  // namespace jaunt::transport
