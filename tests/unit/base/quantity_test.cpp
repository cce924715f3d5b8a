#include "base/quantity.hpp"

#include <doctest/doctest.h>

using namespace jaunt::base;
using namespace std::chrono_literals;

TEST_CASE("A rate is understood in bits and bytes, decimal and binary") {
  CHECK(parse_rate("100Mbit") == ByteCount(12'500'000));
  CHECK(parse_rate("2.5 Gbit/s") == ByteCount(312'500'000));
  CHECK(parse_rate("12MB/s") == ByteCount(12'000'000));
  CHECK(parse_rate("512KiB") == ByteCount(512 * 1024));
  for (const char* wrong : {"", "100", "Mbit", "-1Mbit", "0Mbit", "1 Mbit ", "1Mb", "1e3Mbit", "nanMbit", "infMbit",
                            "1bit", "9999999999TB", "1Mbit/h"})
    CHECK_MESSAGE(parse_rate(wrong) == std::nullopt, wrong);
}

TEST_CASE("A duration is understood from microseconds to weeks") {
  CHECK(parse_duration("50ms") == 50ms);
  CHECK(parse_duration("200us") == 200us);
  CHECK(parse_duration("0") == 0us);
  CHECK(parse_duration("1.5 s") == 1500ms);
  CHECK(parse_duration("15min") == 15min);
  CHECK(parse_duration("1h") == 1h);
  CHECK(parse_duration("2d") == 48h);
  for (const char* wrong : {"", "5", "h", "-1s", "1 hour", "1e3s", "99999w"})
    CHECK_MESSAGE(parse_duration(wrong) == std::nullopt, wrong);
}

TEST_CASE("Rates and times are shown with about three digits") {
  CHECK(human_rate(ByteCount(12'500'000)) == "100 Mbit/s");
  CHECK(human_rate(ByteCount(312'500'000)) == "2.5 Gbit/s");
  CHECK(human_rate(ByteCount(1)) == "8 bit/s");
  CHECK(human_duration(0us) == "0 s");
  CHECK(human_duration(250us) == "250 µs");
  CHECK(human_duration(40ms) == "40 ms");
  CHECK(human_duration(800ms) == "0.8 s");
  CHECK(human_duration(12'400ms) == "12 s");
  CHECK(human_duration(59'700ms) == "1 min 0 s");
  CHECK(human_duration(125s) == "2 min 5 s");
  CHECK(human_duration(72min) == "1 h 12 min");
  CHECK(human_duration(76h) == "3 d 4 h");
}
