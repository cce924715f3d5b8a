#include "match/cost.hpp"

#include <string>

#include "base/error.hpp"

namespace jaunt::match {

namespace {

void must_be_positive(double value, const std::string& name) {
  if (!(value > 0))
    throw base::Error(base::ErrorKind::usage, "forecast", "with " + name, "it must be more than zero");
}

void check(const Machine& machine, const std::string& name) {
  must_be_positive(machine.disk_read, "the rate at which " + name + " reads");
  must_be_positive(machine.disk_write, "the rate at which " + name + " writes");
  must_be_positive(machine.hash, "the rate at which " + name + " hashes");
  must_be_positive(machine.cores, "the number of cores of " + name);
  if (!(machine.seek >= 0))
    throw base::Error(base::ErrorKind::usage, "forecast", "with the seeks of " + name,
                      "they cannot take less than zero");
}

}  // namespace

std::vector<Compression> usual_compression() {
  return {{.level = 1, .rate = 260e6, .ratio = 0.352}, {.level = 3, .rate = 220e6, .ratio = 0.335},
          {.level = 6, .rate = 90e6, .ratio = 0.327},  {.level = 9, .rate = 60e6, .ratio = 0.322},
          {.level = 11, .rate = 36e6, .ratio = 0.319}, {.level = 12, .rate = 13e6, .ratio = 0.315},
          {.level = 13, .rate = 8e6, .ratio = 0.304}};
}

void check(const Costs& costs) {
  must_be_positive(costs.link.rate, "the link's rate");
  must_be_positive(costs.link.allowed(), "the link's limit");
  must_be_positive(costs.mirror.value_or(1), "the mirror's rate");
  if (!(costs.link.round_trip >= 0))
    throw base::Error(base::ErrorKind::usage, "forecast", "with the link's delay", "it cannot be less than zero");
  check(costs.source, "the source");
  check(costs.destination, "the destination");
  for (const Compression& compression : costs.compression) {
    must_be_positive(compression.rate, "the rate of compression");
    must_be_positive(compression.ratio, "the ratio of compression");
  }
  must_be_positive(costs.decompression, "the rate of decompression");
  must_be_positive(costs.package_unpack, "the rate of unpacking");
  must_be_positive(costs.plain_rate, "the rate of a plain copy's compression");
}

}  // namespace jaunt::match
