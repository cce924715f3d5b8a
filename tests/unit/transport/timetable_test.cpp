#include "transport/timetable.hpp"

#include <doctest/doctest.h>

#include "transport/rate_limit.hpp"

using namespace jaunt;
using namespace jaunt::transport;
using namespace std::chrono_literals;

namespace {

constexpr int kSunday = 0;
constexpr int kMonday = 1;
constexpr int kSaturday = 6;

std::uint64_t at(const char* text, int day, int hour, int minute = 0) {
  const auto timetable = parse_timetable(text);
  REQUIRE(timetable);
  std::tm local{};
  local.tm_wday = day;
  local.tm_hour = hour;
  local.tm_min = minute;
  return timetable->at(local).value_or(base::ByteCount(0)).value;
}

}  // namespace

TEST_CASE("One rate holds always, and unlimited is none") {
  CHECK(at("100Mbit", kMonday, 12) == 12'500'000);
  CHECK(at("unlimited", kMonday, 12) == 0);
}

TEST_CASE("The first period that a moment lies in counts, up to its last minute") {
  const char* const text = "mon-fri 08:00-18:00 20Mbit, 12:00-13:00 1Mbit, 100Mbit";
  CHECK(at(text, kMonday, 7, 59) == 12'500'000);
  CHECK(at(text, kMonday, 8) == 2'500'000);
  CHECK(at(text, kMonday, 12) == 2'500'000);
  CHECK(at(text, kMonday, 18) == 12'500'000);
  CHECK(at(text, kSaturday, 12, 30) == 125'000);
  CHECK(at(text, kSaturday, 13) == 12'500'000);
}

TEST_CASE("A period over midnight belongs to the day on which it begins, and days may go over the end of the week") {
  const char* const text = "sat-sun 22:00-06:00 unlimited, 8Mbit";
  CHECK(at(text, kSaturday, 23) == 0);
  CHECK(at(text, kSunday, 5, 59) == 0);
  CHECK(at(text, kMonday, 5) == 0);
  CHECK(at(text, kSaturday, 5) == 1'000'000);
  CHECK(at("22:00-24:00 8Mbit", kMonday, 23, 59) == 1'000'000);
}

TEST_CASE("What is no timetable is refused whole") {
  for (const char* const text :
       {"", " ", "fast", "25:00-26:00 1Mbit", "08:00-08:00 1Mbit", "08:00 1Mbit", "mon 08:00-18:00", "1Mbit,,2Mbit",
        "funday 08:00-18:00 1Mbit", "08:00-18:60 1Mbit", "08:00-18:00 1Mbit extra", "24:00-08:00 1Mbit"})
    CHECK_MESSAGE(!parse_timetable(text), text);
}

TEST_CASE("A limit lets through what its rate gives, in any portions, and no more at once than what 20 ms give") {
  RateLimit limit;
  limit.set(base::ByteCount(1'000'000));
  Moment now = Clock::now();
  limit.allowed(now, 1);
  std::uint64_t moved = 0;
  for (int i = 0; i < 10'000; ++i) {
    now += 1ms;
    const auto allowed = limit.allowed(now, 64 * 1024);
    CHECK(allowed <= 20'000);
    limit.moved(allowed);
    moved += allowed;
  }
  CHECK(moved > 9'900'000);
  CHECK(moved <= 10'020'000);
  now += 1h;
  CHECK(limit.allowed(now, 1'000'000) == 20'000);
}
