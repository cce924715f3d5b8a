// What things cost here and there: the numbers that a forecast is made of, measured or given. Rates are bytes per
// second and kUnlimited where something does not count.
#pragma once

#include <limits>
#include <optional>
#include <vector>

namespace jaunt::match {

inline constexpr double kUnlimited = std::numeric_limits<double>::infinity();

struct Link {
  double rate = 125e6;
  double round_trip = 1e-3;     // seconds
  std::optional<double> limit;  // what a person allows

  double allowed() const { return limit && *limit < rate ? *limit : rate; }
};

// One node's machine.
struct Machine {
  double disk_read = 500e6;
  double disk_write = 400e6;
  double seek = 5e-5;   // seconds that going on elsewhere costs beside the bytes
  double hash = 1.2e9;  // block ids, of one core
  unsigned cores = 2;
};

// zstd at one level, on what is left when others brought what they hold.
struct Compression {
  int level = 3;
  double rate = 220e6;   // of one core
  double ratio = 0.335;  // compressed / plain
};

// The levels of a teleport's stream, measured on what the disks of two web servers had left where the same software was
// found.
std::vector<Compression> usual_compression();

struct Costs {
  Link link;
  std::optional<double> mirror;  // absent: there is no mirror
  Machine source;
  Machine destination;
  std::vector<Compression> compression = usual_compression();
  double decompression = 1.5e9;  // of one core
  double store_ratio = 0.4;      // bytes of the store / bytes of blocks
  double package_ratio = 0.16;   // bytes fetched / bytes of blocks found in them
  double package_unpack = 90e6;  // bytes of blocks, of one core
  double memory_ratio = 0.33;    // of a guest's memory, compressed
  double plain_rate = 380e6;     // of zstd -3 in one pipe
  double plain_ratio = 0.38;     // over a whole disk's non-zero bytes
};

// Throws usage, naming the number, where one is not positive or the link is limited to nothing.
void check(const Costs& costs);

}  // namespace jaunt::match
