// How a test lets the disk below a folder fail for a program that it starts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/seed.hpp"
#include "support/skip.hpp"

namespace jaunt::testing {

// The environment in which the n-th operation below the folder fails: "io", "space", or "cut" for a power cut of
// which the seed tells what is lost.
inline std::vector<std::string> disk_fault(const std::filesystem::path& folder, const std::string& kind,
                                           std::uint64_t at, std::uint64_t seed) {
  return {"LD_PRELOAD=" JAUNT_FAULTY_DISK, "JAUNT_DISK_FOLDER=" + folder.string(),
          "JAUNT_DISK_FAULT=" + kind + ":" + std::to_string(at) + ":" + std::to_string(seed)};
}

// The environment in which none fails, and the program says at its end on standard error how many there were.
inline std::vector<std::string> disk_count(const std::filesystem::path& folder) {
  auto environment = disk_fault(folder, "io", ~std::uint64_t{0} >> 1, 0);
  environment.emplace_back("JAUNT_DISK_COUNT=1");
  return environment;
}

inline std::uint64_t operations_in(const std::string& standard_error) {
  const auto at = standard_error.rfind("operations ");
  REQUIRE(at != standard_error.npos);
  std::istringstream words(standard_error.substr(at));
  std::string word;
  std::uint64_t count = 0;
  words >> word >> count;
  return count;
}

}  // namespace jaunt::testing

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define JAUNT_INSTRUMENTED 1
#else
#define JAUNT_INSTRUMENTED 0
#endif
#define JAUNT_NEED_FAULTY_DISK() \
  JAUNT_SKIP_UNLESS(JAUNT_INSTRUMENTED == 0, "a preloaded library and a sanitizer do not go together")
