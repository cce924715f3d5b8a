#include <doctest/doctest.h>

#include "describe/apt_sources.hpp"
#include "describe/dpkg_status.hpp"
#include "describe/os_release.hpp"
#include "describe/yum_repo.hpp"

using namespace jaunt;
using namespace jaunt::describe;

namespace {

std::string package(const std::string& name, const std::string& status) {
  return "Package: " + name + "\nStatus: " + status + "\nArchitecture: amd64\nVersion: 1:2.3-4+b1\n" +
         "Description: a thing\n Package: not-a-field\n .\n more\n\n";
}

}  // namespace

TEST_CASE("Installed packages are listed with exact version and architecture") {
  const auto status = parse_dpkg_status(package("nginx", "install ok installed"));
  REQUIRE(status.packages.size() == 1);
  CHECK(status.packages[0] == model::Package{.name = "nginx", .version = "1:2.3-4+b1", .arch = "amd64"});
  CHECK(status.problems.empty());
}

TEST_CASE("A package on hold or waiting for triggers is installed, a removed one is not") {
  const auto status =
      parse_dpkg_status(package("held", "hold ok installed") + package("waiting", "install ok triggers-pending") +
                        package("gone", "deinstall ok config-files"));
  REQUIRE(status.packages.size() == 2);
  CHECK(status.packages[0].name == "held");
  CHECK(status.packages[1].name == "waiting");
}

TEST_CASE("A half-installed package is a problem that names it") {
  const auto status = parse_dpkg_status(package("broken", "install reinstreq half-installed"));
  CHECK(status.packages.empty());
  REQUIRE(status.problems.size() == 1);
  CHECK(status.problems[0].subject == "package broken");
}

TEST_CASE("A one-line apt source may have options, a CD's name with spaces, and a comment") {
  const auto sources = parse_apt_list(
      "# deb http://off.example.org/ bookworm main\n"
      "deb [arch=amd64 signed-by=/k.gpg] http://deb.example.org/debian bookworm main contrib # note\n"
      "deb-src http://deb.example.org/debian bookworm main\n"
      "deb cdrom:[Debian 12 _Bookworm_ DVD]/ bookworm main\n"
      "deb http://flat.example.org/ ./\n"
      "nonsense\n",
      "/etc/apt/sources.list");
  REQUIRE(sources.size() == 3);
  CHECK(sources[0].uri == "http://deb.example.org/debian");
  CHECK(sources[0].suite == "bookworm");
  CHECK(sources[0].components == std::vector<std::string>{"main", "contrib"});
  CHECK(sources[1].uri == "cdrom:[Debian 12 _Bookworm_ DVD]/");
  CHECK(sources[2].suite == "./");
}

TEST_CASE("A deb822 source stands for every pair of its addresses and suites") {
  const auto sources = parse_apt_sources(
      "Types: deb deb-src\nURIs: http://a.example.org/ http://b.example.org/\nSuites: bookworm\n bookworm-updates\n"
      "Components: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n xx\n"
      "\nTypes: deb\nURIs: http://c.example.org/\nSuites: sid\nEnabled: no\n"
      "\nTypes: deb-src\nURIs: http://d.example.org/\nSuites: sid\n",
      "x.sources");
  REQUIRE(sources.size() == 5);
  CHECK(sources[1].suite == "bookworm-updates");
  CHECK(sources[1].enabled);
  CHECK(sources[4].uri == "http://c.example.org/");
  CHECK_FALSE(sources[4].enabled);
}

TEST_CASE("A yum repository has an id, addresses over several lines, and may be off") {
  const auto repositories = parse_yum_repo(
      "[main]\nbaseurl=http://not.example.org/\n[fedora]\nname=Fedora\n#baseurl=http://off.example.org/\n"
      "metalink=https://mirrors.example.org/metalink?repo=fedora&arch=$basearch\nenabled=1\n"
      "[local]\nbaseurl=http://one.example.org/\n   http://two.example.org/\nenabled=0\n",
      "x.repo");
  REQUIRE(repositories.size() == 3);
  CHECK(repositories[0].suite == "fedora");
  CHECK(repositories[0].uri == "https://mirrors.example.org/metalink?repo=fedora&arch=$basearch");
  CHECK(repositories[2].uri == "http://two.example.org/");
  CHECK_FALSE(repositories[2].enabled);
}

TEST_CASE("A system's own name for itself loses its quotes") {
  CHECK(pretty_name("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n") ==
        "Debian GNU/Linux 12 (bookworm)");
  CHECK(pretty_name("PRETTY_NAME=Plain\n") == "Plain");
  CHECK(pretty_name("NAME=x\n").empty());
}
