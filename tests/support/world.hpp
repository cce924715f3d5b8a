// The real guests of tests/world, as tests see them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace jaunt::test_support {

// A guest that was built once and is shared by everyone: its files are read-only and stay as they are.
struct WorldGuest {
  std::filesystem::path folder;
  std::filesystem::path disk;
  std::string format;
  nlohmann::json facts;  // guest.json

  std::string read(const std::string& file) const;  // such as packages.txt
};

// nullopt where the guest is not built on this machine; tests do not build guests, tools/test does before them.
std::optional<WorldGuest> world_guest(const std::string& name);

}  // namespace jaunt::test_support

// In a TEST_CASE: JAUNT_NEED_GUEST(guest, "minimal"); declares `guest`, or skips the case.
#define JAUNT_NEED_GUEST(variable, name)                                                           \
  const auto variable##_if_built = ::jaunt::test_support::world_guest(name);                       \
  JAUNT_SKIP_UNLESS(variable##_if_built.has_value(),                                               \
                    std::string("the guest is not built; run tests/world/world build ") + (name)); \
  const ::jaunt::test_support::WorldGuest& variable = *variable##_if_built
