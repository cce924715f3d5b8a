// jaunt teleport with a package mirror near the destination.
#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "integration/two_homes.hpp"
#include "support/mirror_scene.hpp"
#include "support/skip.hpp"
#include "support/teleport_scene.hpp"
#include "support/world.hpp"

using namespace jaunt;
using namespace jaunt::test_support;

namespace {

const fs::path kDebs = fs::path(std::getenv("JAUNT_WORLD") != nullptr ? std::getenv("JAUNT_WORLD") : "/var/cache/jaunt/world") / "debs";

struct Listed {
  std::string name, version, arch;
};

std::vector<Listed> packages_of(const WorldGuest& guest) {
  std::vector<Listed> all;
  std::istringstream lines(guest.read("packages.txt"));
  for (Listed one; lines >> one.name >> one.version >> one.arch;)
    all.push_back(one);
  return all;
}

// The packages of a guest that the world keeps, as apt names their files.
std::vector<fs::path> debs_of(const WorldGuest& guest) {
  std::vector<fs::path> all;
  for (const auto& [name, version, arch] : packages_of(guest)) {
    std::string escaped;
    for (const char c : version)
      escaped += c == ':' ? std::string("%3a") : std::string(1, c);
    if (const fs::path path = kDebs / (name + "_" + escaped + "_" + arch + ".deb"); fs::exists(path))
      all.push_back(path);
  }
  return all;
}

// A guest at the source, an empty destination, and a mirror of the guest's packages.
struct Scene : TwoHomes {
  const WorldGuest& guest;
  base::TemporaryDirectory repository{"/var/tmp"};
  std::optional<MirrorServer> server;

  explicit Scene(const WorldGuest& small) : guest(small) {
    allowed.push_back(guest.folder.string());
    make_repository(repository.path(), "stable", debs_of(guest));
    serve({});
  }

  void serve(std::vector<std::string> faults) {
    server.emplace(repository.path(), std::move(faults));
    use_mirror(server->url());
  }
  void use_mirror(const std::string& url) {
    more_environment = {"JAUNT_APPLIANCE_USE=true", "JAUNT_MIRROR_USE=true", "no_proxy=127.0.0.1",
                        "JAUNT_MIRROR_SOURCES=" + url + " stable main"};
  }
  Json teleport(const std::string& name, std::vector<std::string> options = {}) const {
    options.insert(options.begin(), {"teleport", "--json", "--format", guest.format, "--to",
                                     (folder.path() / name).string()});
    if (std::ranges::find(options, "--rate") == options.end())
      options.insert(options.end(), {"--rate", "100Mbit"});
    options.push_back(guest.disk.string() + "@home:" + source.string());
    const Json summary = summary_of(jaunt(options));
    fs::remove(folder.path() / name);
    return summary;
  }
};

std::uint64_t wire(const Json& summary) {
  return summary["wire_bytes_received"].get<std::uint64_t>() + summary["wire_bytes_sent"].get<std::uint64_t>();
}

std::uint64_t bytes(const Json& summary, const char* source) {
  return summary["bytes_by_source"][source].get<std::uint64_t>();
}

}  // namespace

TEST_CASE("A guest comes to an empty destination mostly from its packages, and the second time from the cache") {
  JAUNT_NEED_GUEST(guest, "web-small");
  Scene scene(guest);
  const Json without = scene.teleport("without.raw", {"--no-packages"});
  const Json plan = scene.plan(guest.disk, {"--rate", "100Mbit"});
  CHECK_FALSE(fs::exists(scene.destination / "packages/bash_5.2.15-2%2bb2_amd64.blocks"));
  const Json with = scene.teleport("with.raw");
  MESSAGE("without packages ", wire(without), " bytes on the wire in ", without["seconds"].dump(), " s; with them ",
          wire(with), " in ", with["seconds"].dump(), " s: ", with["packages"].dump(), " ",
          with["bytes_by_source"].dump(), "; forecast ", plan["forecast"].dump(), " ", plan["sources"].dump());
  CHECK(with["disks"][0]["root"] == without["disks"][0]["root"]);
  CHECK(bytes(with, "package") > bytes(with, "wire"));
  CHECK(wire(with) < wire(without) / 2);
  CHECK(bytes_from(plan["sources"], "package") > 0);
  CHECK(with["packages"]["fetched"].get<std::uint64_t>() > 100);
  fs::remove_all(scene.destination / "trees");  // nothing but the cache of packages helps
  fs::remove_all(scene.destination / "catalog");
  const Json again = scene.teleport("again.raw");
  // None is fetched twice; the mirror has shown by now how fast it is, so that others may have become worth it.
  CHECK(again["packages"]["from_cache"] == with["packages"]["fetched"]);
  CHECK(again["packages"]["fetched"].get<std::uint64_t>() <=
        with["packages"]["not_fetched"].value("not worth it", std::uint64_t{0}));
  CHECK(bytes(again, "package") > bytes(again, "wire"));
}

TEST_CASE("A mirror that lies or is gone costs a fallback to the wire, and a fast link does not use it") {
  JAUNT_NEED_GUEST(guest, "minimal");
  Scene scene(guest);
  scene.use_mirror("http://127.0.0.1:1/");
  const Json down = scene.teleport("down.raw");
  CHECK(bytes(down, "package") == 0);
  fs::remove_all(scene.destination / "trees");
  fs::remove_all(scene.destination / "catalog");
  scene.serve({"--lie", "lib"});
  const Json lying = scene.teleport("lying.raw");
  MESSAGE(lying["packages"].dump());
  CHECK(lying["packages"]["not_fetched"]["lying"].get<std::uint64_t>() > 10);
  CHECK(bytes(lying, "package") > 0);
  CHECK(lying["disks"][0]["root"] == down["disks"][0]["root"]);
  fs::remove_all(scene.destination / "trees");
  fs::remove_all(scene.destination / "catalog");
  fs::remove_all(scene.destination / "packages");
  const Json fast = scene.teleport("fast.raw", {"--rate", "10Gbit"});
  CHECK(bytes(fast, "package") == 0);
}
