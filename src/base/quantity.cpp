#include "base/quantity.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace jaunt::base {

namespace {

using std::chrono::microseconds;

struct Unit {
  std::string_view name;
  double worth;
};

constexpr double kBit = 1.0 / 8;
constexpr std::array kRates{Unit{"bit", kBit},        Unit{"kbit", 1e3 * kBit},  Unit{"Mbit", 1e6 * kBit},
                            Unit{"Gbit", 1e9 * kBit}, Unit{"Tbit", 1e12 * kBit}, Unit{"B", 1},
                            Unit{"kB", 1e3},          Unit{"KB", 1e3},           Unit{"MB", 1e6},
                            Unit{"GB", 1e9},          Unit{"KiB", 0x1p10},       Unit{"MiB", 0x1p20},
                            Unit{"GiB", 0x1p30}};
constexpr std::array kTimes{Unit{"us", 1},     Unit{"µs", 1},      Unit{"ms", 1e3},
                            Unit{"s", 1e6},    Unit{"min", 60e6},  Unit{"m", 60e6},
                            Unit{"h", 3600e6}, Unit{"d", 86400e6}, Unit{"w", 7 * 86400e6}};
constexpr double kDurationMax = 100 * 365.25 * 86400e6;
constexpr double kRateMax = 1e15;

// A number that is not negative, perhaps a blank, and one of the units.
template <std::size_t Count>
std::optional<double> parse(std::string_view text, const std::array<Unit, Count>& units) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || !std::isfinite(number) || std::signbit(number))
    return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with(' '))
    text.remove_prefix(1);
  for (const Unit& unit : units)
    if (text == unit.name)
      return number * unit.worth;
  return text.empty() && number == 0 ? std::optional(0.0) : std::nullopt;
}

std::string three_digits(double number) {
  const int decimals = number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
  std::string text = fmt::format("{:.{}f}", number, decimals);
  if (decimals > 0) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.'))
      text.pop_back();
  }
  return text;
}

}  // namespace

std::optional<ByteCount> parse_rate(std::string_view text) {
  if (text.ends_with("/s"))
    text.remove_suffix(2);
  const auto rate = parse(text, kRates);
  if (!rate || *rate < 1 || *rate > kRateMax)
    return std::nullopt;
  return ByteCount(static_cast<std::uint64_t>(std::llround(*rate)));
}

std::optional<microseconds> parse_duration(std::string_view text) {
  const auto time = parse(text, kTimes);
  if (!time || *time > kDurationMax)
    return std::nullopt;
  return microseconds(std::llround(*time));
}

std::string human_rate(ByteCount bytes_per_second) {
  double bits = static_cast<double>(bytes_per_second.value) * 8;
  constexpr std::array units{"bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"};
  std::size_t unit = 0;
  for (; bits >= 999.5 && unit + 1 < units.size(); ++unit)
    bits /= 1000;
  return fmt::format("{} {}", three_digits(bits), units[unit]);
}

std::string human_duration(microseconds time) {
  const std::int64_t micros = time.count();
  const auto whole = (micros + 500'000) / 1'000'000;
  if (micros == 0)
    return "0 s";
  if (micros < 1000)
    return fmt::format("{} µs", micros);
  if (micros < 99'500)
    return fmt::format("{} ms", (micros + 500) / 1000);
  if (micros < 9'950'000)
    return fmt::format("{:.1f} s", static_cast<double>(micros) / 1e6);
  if (whole < 60)
    return fmt::format("{} s", whole);
  if (whole < 3600)
    return fmt::format("{} min {} s", whole / 60, whole % 60);
  const auto minutes = (whole + 30) / 60;
  if (minutes < 24L * 60)
    return fmt::format("{} h {} min", minutes / 60, minutes % 60);
  const auto hours = (minutes + 30) / 60;
  return fmt::format("{} d {} h", hours / 24, hours % 24);
}

}  // namespace jaunt::base
