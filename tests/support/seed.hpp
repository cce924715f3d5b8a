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

inline bool full_campaign() {
  const char* const campaign = std::getenv("JAUNT_CAMPAIGN");
  return campaign != nullptr && std::string(campaign) == "full";
}

// Calls story(random) for `rounds` seeds counting from 1, ten times as many with JAUNT_CAMPAIGN=full, or for the one
// seed that JAUNT_SEED names.
template <typename Story>
void for_seeds(std::uint64_t rounds, const Story& story) {
  const std::uint64_t only = setting("JAUNT_SEED", 0);
  const std::uint64_t last = full_campaign() ? 10 * rounds : rounds;
  for (std::uint64_t seed = only != 0 ? only : 1; seed <= (only != 0 ? only : last); ++seed) {
    INFO("repeat it with JAUNT_SEED=", seed);
    std::mt19937_64 random(seed);
    story(random);
  }
}

}  // namespace jaunt::testing
