// What things cost here and there: the numbers that a forecast is made of, measured or given. Rates are bytes per
// second; every rate is positive, infinity where something does not count.
#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "base/units.hpp"

namespace jaunt::match {

inline constexpr double kUnlimited = std::numeric_limits<double>::infinity();

struct Link {
  double rate = 125e6;          // measured or given
  double round_trip = 1e-3;     // seconds
  std::optional<double> limit;  // what a person allows, if anything

  double allowed() const { return limit && *limit < rate ? *limit : rate; }
};

// One node's machine.
struct Machine {
  double disk_read = 500e6;
  double disk_write = 400e6;
  double seek = 1e-4;   // seconds that a jump to another place costs beside the bytes
  double hash = 1.5e9;  // of one core, block ids and nodes
  unsigned cores = 2;
};

// zstd at one level.
struct Compression {
  int level = 3;
  double rate = 380e6;  // of one core
  double ratio = 0.34;  // compressed / plain
};

// Measured on what a web server's disk had left when the same software was found elsewhere.
std::vector<Compression> usual_compression();

struct Costs {
  Link link;
  std::optional<double> mirror;  // of the package mirror; absent when there is none
  Machine source;
  Machine destination;
  std::vector<Compression> compression = usual_compression();  // by ascending level
  double decompression = 1.5e9;                                // of one core
  double plain_ratio = 0.38;                                   // of zstd -3 over a whole disk's non-zero bytes
  double store_ratio = 0.4;                                    // bytes in the store / bytes of blocks
  double package_ratio = 0.16;   // bytes fetched from the mirror / bytes of blocks found in them
  double package_unpack = 90e6;  // bytes of blocks, of one core
};

// The numbers fit one another: positive rates, ratios from 0 to 1 or a little above. Throws usage when not.
void check(const Costs& costs);

}  // namespace jaunt::match
