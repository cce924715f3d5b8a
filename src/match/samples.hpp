// The few ids of an image by which a destination ranks what it has, before it knows anything else of the image.
#pragma once

#include <cstdint>
#include <vector>

#include "match/needs.hpp"

namespace jaunt::match {

struct Sample {
  std::uint64_t key = 0;     // the first 64 bits of an id, the first byte most significant
  std::uint32_t blocks = 0;  // needed blocks that it stands for, at least 1

  bool operator==(const Sample&) const = default;
};

// All needed ids that begin with `bits` zero bits; in a sorted list of ids they are a prefix. Ids are uniform, so
// this is a fair sample of the image, and of every other image the same ids are looked at. A value that crosses the
// link.
struct Samples {
  unsigned bits = 0;
  std::vector<Sample> samples;      // by ascending key, distinct
  std::uint64_t needed_blocks = 0;  // of the whole image
  std::uint64_t needed_ids = 0;
  std::uint64_t squared_blocks = 0;  // the sum of the squares of what all needed ids stand for: how uneven they are
  base::Hash32 realm{};

  bool operator==(const Samples&) const = default;
};

inline constexpr std::uint64_t kSamplesWanted = 4096;
inline constexpr unsigned kSampleBitsMax = 40;

// So many zero bits that an image of so many ids has kSamplesWanted samples, up to twice as many; all of a small one.
unsigned sample_bits(std::uint64_t needed_ids);

Samples take_samples(const Needs& needs);

// For samples that came from elsewhere: throws corrupt where their parts do not fit one another.
void check(const Samples& samples);

}  // namespace jaunt::match
