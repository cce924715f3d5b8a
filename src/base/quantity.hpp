// Rates and times as people write and read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.hpp"

namespace jaunt::base {

// Bytes in a second of "100Mbit", "2.5 Gbit/s", "12MB", "512KiB/s": bits with decimal units, or bytes with decimal or
// binary ones. nullopt when it is none of these, zero, or does not fit.
std::optional<ByteCount> parse_rate(std::string_view text);

// "50ms", "200us", "90s", "15min", "1h", "2.5d"; a bare 0 too. nullopt when it is none of these or beyond 100 years.
std::optional<std::chrono::microseconds> parse_duration(std::string_view text);

// "100 Mbit/s", "2.5 Gbit/s".
std::string human_rate(ByteCount bytes_per_second);

// "0 s", "250 µs", "40 ms", "0.8 s", "12 s", "2 min 5 s", "1 h 12 min", "3 d 4 h".
std::string human_duration(std::chrono::microseconds time);

}  // namespace jaunt::base
