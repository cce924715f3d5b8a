#include "transport/timetable.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "base/quantity.hpp"

namespace jaunt::transport {

namespace {

constexpr unsigned kDayMinutes = 24 * 60;
constexpr std::size_t kPeriodsMax = 64;
constexpr std::array<std::string_view, 7> kDays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  return first == text.npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// Cuts off and returns what stands before the separator, or everything.
std::string_view next_part(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const std::string_view part = trimmed(text.substr(0, end));
  text = trimmed(text.substr(std::min(end + 1, text.size())));
  return part;
}

std::optional<unsigned> number(std::string_view digits) {
  unsigned value = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return failure == std::errc() && end == digits.data() + digits.size() ? std::optional(value) : std::nullopt;
}

std::optional<unsigned> minutes_of(std::string_view text) {
  const auto hours = number(next_part(text, ':'));
  const auto minutes = number(text);
  if (!hours || !minutes || *hours > 24 || *minutes > 59 || (*hours == 24 && *minutes != 0))
    return std::nullopt;
  return *hours * 60 + *minutes;
}

std::optional<unsigned> day_of(std::string_view text) {
  const auto* const found = std::find(kDays.begin(), kDays.end(), text);
  return found == kDays.end() ? std::nullopt : std::optional(static_cast<unsigned>(found - kDays.begin()));
}

// "mon", "mon-fri", "sat-mon".
std::optional<unsigned> days_of(std::string_view text) {
  const auto first = day_of(next_part(text, '-'));
  const auto last = text.empty() ? first : day_of(text);
  if (!first || !last)
    return std::nullopt;
  unsigned days = 0;
  for (unsigned day = *first;; day = (day + 1) % 7) {
    days |= 1u << day;
    if (day == *last)
      return days;
  }
}

std::optional<Timetable::Period> period_of(std::string_view text) {
  Timetable::Period period;
  std::string_view word = next_part(text, ' ');
  if (const auto days = days_of(word); days && !text.empty()) {
    period.days = *days;
    word = next_part(text, ' ');
  }
  if (!text.empty()) {
    const auto from = minutes_of(next_part(word, '-'));
    const auto to = minutes_of(word);
    if (!from || !to || *from == *to || *from == kDayMinutes)
      return std::nullopt;
    period.from = *from;
    period.to = *to;
    word = next_part(text, ' ');
  }
  if (!text.empty())
    return std::nullopt;
  if (word == "unlimited")
    return period;
  period.bytes_per_second = base::parse_rate(word);
  return period.bytes_per_second ? std::optional(period) : std::nullopt;
}

}  // namespace

std::optional<base::ByteCount> Timetable::at(const std::tm& local) const {
  const auto today = static_cast<unsigned>(local.tm_wday);
  const auto minute = static_cast<unsigned>(local.tm_hour * 60 + local.tm_min);
  const auto on = [](const Period& period, unsigned day) { return (period.days >> day & 1) != 0; };
  for (const Period& period : periods) {
    const bool over_midnight = period.to < period.from;
    const bool since_today = on(period, today) && minute >= period.from && (over_midnight || minute < period.to);
    const bool since_yesterday = over_midnight && on(period, (today + 6) % 7) && minute < period.to;
    if (since_today || since_yesterday)
      return period.bytes_per_second;
  }
  return std::nullopt;
}

std::optional<Timetable> parse_timetable(std::string_view text) {
  Timetable timetable;
  text = trimmed(text);
  if (text.empty())
    return std::nullopt;
  while (!text.empty()) {
    const auto period = period_of(next_part(text, ','));
    if (!period || timetable.periods.size() >= kPeriodsMax)
      return std::nullopt;
    timetable.periods.push_back(*period);
  }
  return timetable;
}

}  // namespace jaunt::transport
