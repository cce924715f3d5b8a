// jaunt teleport of a machine whose initial ramdisk comes as what is in it.
#include "integration/two_homes.hpp"
#include "support/skip.hpp"
#include "support/teleport_scene.hpp"
#include "support/world.hpp"

using namespace jaunt;
using namespace jaunt::test_support;

namespace {

// A destination that holds another installation of the same system: its ramdisk was packed at another time, under
// another name.
struct Scene : TwoHomes {
  const WorldGuest& guest;

  Scene(const WorldGuest& wanted, const WorldGuest& held) : guest(wanted) {
    allowed = {guest.folder.string(), held.folder.string()};
    more_environment = {"JAUNT_APPLIANCE_USE=true"};
    REQUIRE(jaunt({"catalog", "add", "--format", held.format, held.disk.string()}).status.code == 0);
    REQUIRE(jaunt({"catalog", "rescan"}).status.code == 0);
  }

  Json teleport(const char* rate, bool archives) {
    more_environment = {"JAUNT_APPLIANCE_USE=true",
                        archives ? "JAUNT_ARCHIVES_USE=true" : "JAUNT_ARCHIVES_USE=false"};
    const fs::path target = folder.path() / "target.raw";
    const Json summary = summary_of(jaunt({"teleport", "--json", "--format", guest.format, "--rate", rate, "--to",
                                           target.string(), guest.disk.string() + "@home:" + source.string()}));
    // What has come would be found here by the next one.
    REQUIRE(jaunt({"catalog", "remove", target.string()}).status.code == 0);
    fs::remove(target);
    return summary;
  }
};

std::uint64_t wire(const Json& summary) {
  return summary["wire_bytes_received"].get<std::uint64_t>() + summary["wire_bytes_sent"].get<std::uint64_t>();
}

}  // namespace

TEST_CASE("An initial ramdisk comes as what is in it over a slow link, and is made again to the byte") {
  JAUNT_NEED_GUEST(guest, "minimal");
  JAUNT_NEED_GUEST(held, "minimal-independent");
  Scene scene(guest, held);
  const Json fast = scene.teleport("1Gbit", true);
  CHECK(fast["archives"]["made"] == 0);
  const Json whole = scene.teleport("5Mbit", false);
  CHECK_FALSE(whole.contains("archives"));
  const Json made = scene.teleport("5Mbit", true);
  MESSAGE(wire(whole), " bytes as it is, ", wire(made), " as what is in it: ", made["archives"].dump());
  REQUIRE(made["archives"]["made"].get<int>() >= 1);
  const auto bytes = made["archives"]["bytes"].get<std::uint64_t>();
  CHECK(bytes > 20'000'000);
  CHECK(made["bytes_by_source"]["package"].get<std::uint64_t>() >= bytes);
  CHECK(wire(made) + bytes * 8 / 10 < wire(whole));
  CHECK(made["repaired_tiles"] == 0);
  CHECK(made["disks"][0]["root"] == whole["disks"][0]["root"]);
  const Json again = scene.teleport("5Mbit", true);  // it is here by now
  CHECK(again["archives"]["made"] == 0);
  CHECK(again["disks"][0]["root"] == whole["disks"][0]["root"]);
}
