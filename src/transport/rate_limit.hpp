// A rate that bytes are held to.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "base/units.hpp"

namespace jaunt::transport {

using Clock = std::chrono::steady_clock;
using Moment = Clock::time_point;

// A bucket that fills with time. Whoever moves bytes asks first how many it may, and says afterwards how many it did.
// One thread.
class RateLimit {
 public:
  static constexpr std::uint64_t kAtOnceMin = 4096;

  // None: everything may go at once.
  void set(std::optional<base::ByteCount> bytes_per_second) {
    if (rate_ == bytes_per_second)
      return;
    rate_ = bytes_per_second;
    in_it_ = std::min(in_it_, at_once());
  }
  const std::optional<base::ByteCount>& rate() const { return rate_; }

  // Zero: not before when().
  std::uint64_t allowed(Moment now, std::uint64_t wanted) {
    if (!rate_)
      return wanted;
    fill(now);
    return in_it_ < static_cast<double>(kAtOnceMin) ? 0 : std::min(wanted, static_cast<std::uint64_t>(in_it_));
  }
  void moved(std::uint64_t bytes) {
    if (rate_)
      in_it_ -= static_cast<double>(bytes);
  }
  // When bytes may go again.
  Moment when(Moment now) const {
    if (!rate_ || in_it_ >= static_cast<double>(kAtOnceMin))
      return now;
    const double seconds = (static_cast<double>(kAtOnceMin) - in_it_) / static_cast<double>(rate_->value);
    return now + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds + 0.0005));
  }

 private:
  // What piles up in 20 ms, so that timers that come late cost nothing.
  double at_once() const {
    return rate_ ? std::max(2.0 * static_cast<double>(kAtOnceMin), static_cast<double>(rate_->value) * 0.02) : 0;
  }
  void fill(Moment now) {
    const double seconds = std::chrono::duration<double>(now - filled_).count();
    filled_ = now;
    if (seconds > 0)
      in_it_ = std::min(at_once(), in_it_ + seconds * static_cast<double>(rate_->value));
  }

  std::optional<base::ByteCount> rate_;
  double in_it_ = 0;
  Moment filled_{};
};

}  // namespace jaunt::transport
