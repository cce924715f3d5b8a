#include "match/archive_choice.hpp"

namespace jaunt::match {

namespace {

constexpr double kMargin = 1.25;  // what takes as long either way is left alone

double seconds(double bytes, double rate) {
  return bytes / rate;
}

}  // namespace

bool archive_pays(base::ByteCount size, const ArchiveCosts& costs) {
  const auto bytes = static_cast<double>(size.value);
  const double saved = seconds(bytes * (1 - costs.crossing), costs.link);
  return saved > kMargin * 2 * seconds(bytes, costs.packing);
}

bool archive_pays(base::ByteCount size, base::ByteCount crossing, const ArchiveCosts& costs) {
  const auto bytes = static_cast<double>(size.value);
  const double saved = seconds(bytes - static_cast<double>(crossing.value), costs.link);
  return saved > kMargin * seconds(bytes, costs.packing);  // the source has done its part
}

}  // namespace jaunt::match
