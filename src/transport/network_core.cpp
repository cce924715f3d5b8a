#include "transport/network_core.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

#include <fmt/format.h>

namespace jaunt::transport {

namespace {

constexpr double kLogLinesAtOnce = 30;
constexpr double kLogLinesPerSecond = 1;

}  // namespace

void NetworkCore::look_at_timetable() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  const auto rate = timetable.at(local);
  sending.set(rate);
  receiving.set(rate);
}

void NetworkCore::log(const std::string& line, Moment now) {
  if (!log_)
    return;
  const double seconds = std::chrono::duration<double>(now - log_filled_).count();
  log_lines_ = std::min(kLogLinesAtOnce, log_lines_ + seconds * kLogLinesPerSecond);
  log_filled_ = now;
  if (log_lines_ < 1) {
    ++log_left_out_;
    return;
  }
  log_lines_ -= 1;
  if (log_left_out_ > 0)
    log_(fmt::format("{} more such lines were left out", std::exchange(log_left_out_, 0)));
  log_(line);
}

void NetworkCore::log_refusal(const std::string& who, const std::string& why, Moment now) {
  if (refused_)
    refused_();
  log(fmt::format("refused {}: {}", who, why), now);
}

}  // namespace jaunt::transport
