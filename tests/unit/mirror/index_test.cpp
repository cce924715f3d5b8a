#include <doctest/doctest.h>

#include "base/error.hpp"
#include "mirror/apt_settings.hpp"
#include "mirror/deb_index.hpp"
#include "mirror/mirrors.hpp"
#include "mirror/rpm_index.hpp"

using namespace jaunt;
using namespace jaunt::mirror;

namespace {

const std::string kHash(64, 'a');

std::string stanza(const std::string& name, const std::string& version, const std::string& file) {
  return "Package: " + name + "\nVersion: " + version +
         "\nArchitecture: amd64\nInstalled-Size: 10\nDescription: a thing\n Package: not-a-field\nFilename: " + file +
         "\nSize: 1234\nSHA256: " + kHash + "\n\n";
}

const model::Package kNginx{.name = "nginx", .version = "1:2.3-4+b1", .arch = "amd64"};

}  // namespace

TEST_CASE("A package is found by its exact name, version and architecture") {
  WantedPackages wanted({kNginx, {.name = "nginx", .version = "9", .arch = "amd64"}});
  read_deb_index(stanza("other", "1:2.3-4+b1", "pool/main/o/other.deb") +
                     stanza("nginx", "1:2.3-4+b2", "pool/main/n/nginx/nginx_2.3-4+b2_amd64.deb") +
                     stanza("nginx", "1:2.3-4+b1", "pool/main/n/nginx/nginx_2.3-4+b1_amd64.deb"),
                 "http://mirror.example.org/debian/", wanted);
  REQUIRE(wanted.found().size() == 1);
  const Offered& found = wanted.found().front();
  CHECK(found.package == kNginx);
  CHECK(found.url == "http://mirror.example.org/debian/pool/main/n/nginx/nginx_2.3-4+b1_amd64.deb");
  CHECK(found.size == base::ByteCount(1234));
  CHECK(found.installed == base::ByteCount(10'240));
  CHECK(base::to_hex(*found.sha256) == kHash);
  REQUIRE(wanted.missing().size() == 1);
  CHECK(wanted.missing().front().version == "9");
  CHECK(wanted.folder_of("nginx") == "http://mirror.example.org/debian/pool/main/n/nginx/");
}

TEST_CASE("An index cannot lead out of its repository") {
  for (const char* const path : {"../../etc/passwd", "/etc/passwd", "a/../../b", "http://elsewhere.example.org/x", "a b", ""}) {
    WantedPackages wanted({kNginx});
    read_deb_index(stanza("nginx", "1:2.3-4+b1", path), "http://mirror.example.org/debian/", wanted);
    CHECK_MESSAGE(wanted.found().empty(), path);
  }
  CHECK(url_path("pool/a_1%3a2.deb") == "pool/a_1%253a2.deb");
}

TEST_CASE("A package's file stays in its folder, whatever the guest calls it") {
  CHECK(file_name(kNginx) == "nginx_1%3a2.3-4+b1_amd64.blocks");
  const std::string hostile = file_name({.name = "../../x", .version = std::string(5000, 'v'), .arch = "."});
  CHECK(hostile.find('/') == hostile.npos);
  CHECK(hostile.size() < 255);
  CHECK(hostile.front() != '.');
  CHECK(file_name({.name = "a_b", .version = "c", .arch = "d"}) != file_name({.name = "a", .version = "b_c", .arch = "d"}));
}

TEST_CASE("A dnf repository tells of its packages as apt's does") {
  const std::string repomd = "<repomd xmlns='x'><data type='other'><location href='no'/></data><data type='primary'>"
                             "<checksum type='sha256'>" +
                             kHash + "</checksum><location href='repodata/p.xml.gz'/><size>77</size></data></repomd>";
  const auto primary = read_repomd(repomd);
  REQUIRE(primary.has_value());
  CHECK(primary->path == "repodata/p.xml.gz");
  CHECK(primary->size == base::ByteCount(77));
  WantedPackages wanted({{.name = "bash", .version = "1:5.2-1", .arch = "x86_64"}});
  read_rpm_index("<metadata xmlns:rpm='r'><package type='rpm'><name>bash</name><arch>x86_64</arch>"
                 "<version epoch='1' ver='5.2' rel='1'/><checksum type='sha256' pkgid='YES'>" +
                     kHash +
                     "</checksum><size package='500' installed='2000'/><location href='b/bash.rpm'/>"
                     "<format><rpm:provides><rpm:entry name='x'/></rpm:provides></format></package></metadata>",
                 "http://mirror.example.org/rpm/", wanted);
  REQUIRE(wanted.found().size() == 1);
  CHECK(wanted.found().front().url == "http://mirror.example.org/rpm/b/bash.rpm");
  CHECK(wanted.found().front().installed == base::ByteCount(2000));
}

TEST_CASE("Metadata with entities, or that is cut, is refused") {
  WantedPackages wanted({kNginx});
  const auto kind_of = [](const auto& read) {
    try {
      read();
    } catch (const base::Error& error) {
      return error.kind();
    }
    return base::ErrorKind::usage;
  };
  CHECK(kind_of([] { read_repomd("<!DOCTYPE a [<!ENTITY b 'c'>]><repomd>&b;</repomd>"); }) == base::ErrorKind::limit);
  CHECK(kind_of([&] { read_rpm_index("<metadata><package>", "", wanted); }) == base::ErrorKind::corrupt);
}

TEST_CASE("Proxies are those that apt is told") {
  const Proxies proxies = read_apt_settings(
      "APT::Architecture \"amd64\";\nAcquire::http::Proxy \"http://proxy.example.org:3128\";\n"
      "Acquire::http::Proxy::local.example.org \"DIRECT\";\nAcquire::http::Proxy::bad.example.org \"javascript:1\";\n");
  CHECK(proxies.of("http://deb.example.org/debian/x") == "http://proxy.example.org:3128");
  CHECK(proxies.of("https://deb.example.org/x") == "http://proxy.example.org:3128");
  CHECK(proxies.of("http://local.example.org:8080/x") == "DIRECT");
  CHECK(proxies.of("http://bad.example.org/x") == "http://proxy.example.org:3128");
}

TEST_CASE("A guest's suites are looked for at this host's mirrors alone") {
  const model::Repository own{
      .format = "apt", .uri = "http://here.example.org/debian/", .suite = "bookworm", .components = {"main"}, .enabled = true, .file = {}};
  model::Repository guest = own;
  guest.uri = "http://169.254.169.254/debian";
  guest.suite = "bullseye";
  model::Repository hostile = guest;
  hostile.suite = "../../secret";
  model::Repository other = guest;
  other.uri = "http://there.example.org/other";
  const auto all = suites_here({own}, {guest, hostile, other});
  REQUIRE(all.size() == 2);
  CHECK(all[1].uri == "http://here.example.org/debian/");
  CHECK(all[1].suite == "bullseye");
}
