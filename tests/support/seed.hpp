// Random tests that can be run again: the seed is in every failure's output and comes from JAUNT_SEED when that is
// set.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

#include <doctest/doctest.h>

namespace jaunt::testing {

inline std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr && *text != '\0' ? std::stoull(text) : otherwise;
}

// Calls story(random) for JAUNT_ROUNDS (else `rounds`) seeds, counting from JAUNT_SEED (else 1). To replay a failure
// set JAUNT_SEED to the seed it names and JAUNT_ROUNDS to 1.
template <typename Story>
void for_seeds(std::uint64_t rounds, const Story& story) {
  const std::uint64_t first = setting("JAUNT_SEED", 1);
  for (std::uint64_t seed = first; seed < first + setting("JAUNT_ROUNDS", rounds); ++seed) {
    INFO("replay with JAUNT_SEED=", seed, " JAUNT_ROUNDS=1");
    std::mt19937_64 random(seed);
    story(random);
  }
}

}  // namespace jaunt::testing
