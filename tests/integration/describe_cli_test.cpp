// The program as people use it, on real guests.
#include <chrono>
#include <filesystem>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/process.hpp"
#include "support/skip.hpp"
#include "support/world.hpp"

using namespace jaunt;
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

struct Node {
  base::TemporaryDirectory home;
  std::vector<std::string> environment{"JAUNT_HOME=" + home.path().string(),
                                       "JAUNT_APPLIANCE_FOLDER=/var/tmp/jaunt-test-appliance"};

  base::Captured jaunt(std::vector<std::string> words) const {
    words.insert(words.begin(), JAUNT_PROGRAM);
    return base::run({.argv = std::move(words), .environment = environment, .confinement = std::nullopt},
                     std::chrono::minutes(10), base::ByteCount(64 * base::kMiB));
  }
  void allow(const fs::path& folder) { environment.push_back("JAUNT_IMAGES_FOLDERS=" + folder.string()); }
};

}  // namespace

TEST_CASE("A guest's description has its packages and roots, and the second one does not open the appliance") {
  JAUNT_NEED_GUEST(guest, "minimal");
  Node node;
  node.allow(guest.folder);
  const base::Captured first = node.jaunt({"describe", "--json", "--format", guest.format, guest.disk.string()});
  INFO(first.err);
  REQUIRE(first.status.code == 0);
  const Json description = Json::parse(first.out);
  REQUIRE(description["systems"].size() == 1);
  CHECK(description["systems"][0]["distro"] == "debian");
  CHECK(description["systems"][0]["packages"].size() > 100);
  CHECK(description["disks"][0]["root"].get<std::string>().size() == 64);
  CHECK(description["disks"][0]["needed"] < description["disks"][0]["nonzero"]);
  CHECK(description["problems"].empty());

  node.environment.push_back("JAUNT_CONFINE=/nonexistent");  // so that no appliance can be started
  const base::Captured second = node.jaunt({"describe", "--json", "--format", guest.format, guest.disk.string()});
  CHECK(second.status.code == 0);
  CHECK(Json::parse(second.out) == description);
  const base::Captured fresh =
      node.jaunt({"describe", "--json", "--fresh", "--format", guest.format, guest.disk.string()});
  CHECK(fresh.status.code == 3);
}

TEST_CASE(
    "Where guests are not to be looked into, their free space is carried, and what is kept is of the other kind") {
  JAUNT_NEED_GUEST(guest, "minimal");
  Node node;
  node.allow(guest.folder);
  const auto described = [&] {
    const base::Captured result = node.jaunt({"describe", "--json", "--format", guest.format, guest.disk.string()});
    INFO(result.err);
    REQUIRE(result.status.code == 0);
    return Json::parse(result.out);
  };
  node.environment.push_back("JAUNT_APPLIANCE_USE=false");
  const Json outside = described();
  CHECK(outside["systems"].empty());
  CHECK(outside["disks"][0]["needed"] == outside["disks"][0]["nonzero"]);
  node.environment.back() = "JAUNT_APPLIANCE_USE=true";
  const Json inside = described();
  CHECK(inside["systems"].size() == 1);
  CHECK(inside["disks"][0]["needed"] < outside["disks"][0]["needed"]);
  CHECK(inside["disks"][0]["root"] == outside["disks"][0]["root"]);
}

TEST_CASE("An image that holds nothing known still has its roots") {
  Node node;
  const base::TemporaryDirectory images("/var/tmp");
  node.allow(images.path());
  const fs::path image = images.path() / "noise.raw";
  base::write_text_file(image, std::string(1 << 20, '\x5a'));
  const base::Captured result = node.jaunt({"describe", "--json", "--format", "raw", image.string()});
  INFO(result.err);
  REQUIRE(result.status.code == 0);
  const Json description = Json::parse(result.out);
  CHECK(description["systems"].empty());
  CHECK(description["disks"][0]["needed"] == 1 << 20);
  CHECK(description["disks"][0]["root"] == description["disks"][0]["carried_root"]);
}

TEST_CASE("An image outside of the allowed folders is refused, naming the file and the remedy") {
  Node node;
  const base::TemporaryDirectory elsewhere;
  base::write_text_file(elsewhere.path() / "secret.raw", std::string(4096, 'x'));
  const base::Captured result =
      node.jaunt({"describe", "--format", "raw", (elsewhere.path() / "secret.raw").string()});
  CHECK(result.status.code == 12);
  CHECK(result.err.find("secret.raw") != result.err.npos);
  CHECK(result.err.find("try:") != result.err.npos);
  CHECK(result.out.empty());
}

TEST_CASE("Of several subjects each has its line of JSON, errors in their place") {
  Node node;
  const base::Captured result = node.jaunt({"describe", "--json", "/nonexistent/a", "/nonexistent/b"});
  CHECK(result.status.code == 1);
  std::istringstream lines(result.out);
  for (const char* name : {"/nonexistent/a", "/nonexistent/b"}) {
    std::string line;
    REQUIRE(std::getline(lines, line));
    const Json error = Json::parse(line);
    CHECK(error["type"] == "error");
    CHECK(error["kind"] == "not_found");
    CHECK(error["subject"] == name);
    CHECK(error["exit_code"] == 1);
  }
  CHECK(result.err.empty());
}
