#include <algorithm>
#include <sstream>

#include <doctest/doctest.h>

#include "guest_images.hpp"
#include "support/skip.hpp"
#include "support/world.hpp"

using namespace jaunt;
using namespace jaunt::test_support;
using model::FilesystemState;

namespace {

std::string listed(const model::OperatingSystem& system) {
  std::vector<std::string> lines;
  for (const auto& package : system.packages)
    lines.push_back(package.name + " " + package.version + " " + package.arch + "\n");
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const auto& line : lines)
    text += line;
  return text;
}

std::string sorted_lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line + "\n");
  std::sort(lines.begin(), lines.end());
  std::string result;
  for (const auto& line : lines)
    result += line;
  return result;
}

model::OperatingSystem only_system(const WorldGuest& guest, describe::GuestFacts& facts) {
  GuestImages images;
  facts = inspect({images.serve(guest.disk)});
  REQUIRE(facts.systems.size() == 1);
  return facts.systems[0];
}

}  // namespace

TEST_CASE("A Debian guest's packages are what dpkg-query reports inside") {
  JAUNT_SKIP_UNLESS(appliance_obstacle().empty(), appliance_obstacle());
  JAUNT_NEED_GUEST(guest, "minimal");
  describe::GuestFacts facts;
  const auto system = only_system(guest, facts);
  CHECK(listed(system) == sorted_lines(guest.read("packages.txt")));
  CHECK(system.distro == "debian");
  CHECK(system.product.starts_with("Debian GNU/Linux"));
  CHECK(system.init == "systemd");
  CHECK_FALSE(system.repositories.empty());
  CHECK(facts.filesystems.at(0).state == FilesystemState::clean);
}

TEST_CASE("A guest with rpm packages lists what rpm reports inside") {
  JAUNT_SKIP_UNLESS(appliance_obstacle().empty(), appliance_obstacle());
  JAUNT_NEED_GUEST(guest, "rpm");
  describe::GuestFacts facts;
  const auto system = only_system(guest, facts);
  CHECK(listed(system) == sorted_lines(guest.read("packages.txt")));
  CHECK(system.repositories.at(0).format == "rpm");
}

TEST_CASE("XFS on logical volumes is understood down to the disk") {
  JAUNT_SKIP_UNLESS(appliance_obstacle().empty(), appliance_obstacle());
  JAUNT_NEED_GUEST(guest, "xfs-lvm");
  describe::GuestFacts facts;
  const auto system = only_system(guest, facts);
  CHECK(listed(system) == sorted_lines(guest.read("packages.txt")));
  CHECK(facts.logical_volumes.size() >= 2);
  for (const auto& filesystem : facts.filesystems)
    if (filesystem.type == "xfs") {
      CHECK(filesystem.state == FilesystemState::clean);
      CHECK(filesystem.elidable.value * 100 >= filesystem.free.value().value * 99);
      CHECK(filesystem.elidable <= *filesystem.free);
    }
}
