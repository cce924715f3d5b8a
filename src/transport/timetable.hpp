// How fast links may be, by the hour.
#pragma once

#include <ctime>
#include <optional>
#include <string_view>
#include <vector>

#include "base/units.hpp"

namespace jaunt::transport {

// The first period that a moment lies in counts.
struct Timetable {
  struct Period {
    unsigned days = 0x7F;   // bit 0 is Sunday
    unsigned from = 0;      // minutes of the day
    unsigned to = 24 * 60;  // before `from`: over midnight, and the days are those of its beginning
    std::optional<base::ByteCount> bytes_per_second;  // none: as fast as the link goes
  };
  std::vector<Period> periods;

  // At a local time; nullopt: as fast as the link goes.
  std::optional<base::ByteCount> at(const std::tm& local) const;
};

// "20Mbit", "unlimited", or periods such as "mon-fri 08:00-18:00 20Mbit, 22:00-06:00 unlimited, 100Mbit"; nullopt
// when it is none of these.
std::optional<Timetable> parse_timetable(std::string_view text);

}  // namespace jaunt::transport
