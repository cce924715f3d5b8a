// What the real libvirt of this host says of machines that come from elsewhere.
#include "engine/arrival.hpp"

#include <algorithm>
#include <set>
#include <thread>

#include "engine/subject.hpp"
#include "hypervisor/xml.hpp"
#include "integration/hypervisor/test_domain.hpp"
#include "support/skip.hpp"

using namespace jaunt;
using namespace jaunt::hypervisor;

namespace {

std::vector<model::Blocker> obstacles_of(const std::string& xml, const std::string& libvirt) {
  model::Description description;
  description.hardware = parse_domain(xml).hardware;
  description.hardware->domain_xml = xml;
  engine::Config config;
  config.libvirt_uri = libvirt;
  return engine::blockers_here(
      description, {.name = std::nullopt, .same_machine = true, .folder = "/var/tmp", .space = base::ByteCount(4096)},
      config);
}

struct Foreigner {
  std::string type = "<type arch='x86_64' machine='q35'>hvm</type>";
  std::string os = {};    // beside the type
  std::string more = {};  // beside the devices
  std::string devices = {};

  // Subjects of what is in the way, with a mark where it prevents.
  std::set<std::string> obstacles() const {
    const std::string xml = fmt::format(
        "<domain type='qemu'><name>jaunt-test-foreigner-{}</name><uuid>5d3b3f9e-0c1a-4b58-9f77-6f2fdc1e2a77</uuid>"
        "<memory unit='MiB'>64</memory><vcpu>1</vcpu><os>{}{}</os>{}<devices>"
        "<emulator>/usr/bin/qemu-system-x86_64</emulator>{}</devices></domain>",
        ::getpid(), type, os, more, devices);
    const auto found = obstacles_of(xml, test_uri());
    std::set<std::string> subjects;
    for (const model::Blocker& blocker : found) {
      CHECK_FALSE(blocker.found.empty());
      subjects.insert(blocker.subject + (blocker.fatal ? "!" : ""));
    }
    return subjects;
  }
};

using Found = std::set<std::string>;

}  // namespace

TEST_CASE("Nothing is in the way of a plain machine") {
  CHECK(Foreigner().obstacles() == Found{});
}

TEST_CASE("A machine type of a newer QEMU becomes the family's, one of no family here prevents") {
  CHECK(Foreigner{.type = "<type arch='x86_64' machine='pc-q35-99.0'>hvm</type>"}.obstacles() == Found{"machine"});
  CHECK(Foreigner{.type = "<type arch='x86_64' machine='vaxstation'>hvm</type>"}.obstacles() == Found{"machine!"});
  CHECK(Foreigner{.type = "<type arch='s390x' machine='s390-ccw-virtio'>hvm</type>"}.obstacles().contains(
      "architecture!"));
}

TEST_CASE("Firmware is judged for the machine type that it is for") {
  const auto secure = [](const std::string& file) {
    return fmt::format(
        "<loader readonly='yes' secure='yes' type='pflash'>{}</loader>"
        "<nvram>/var/lib/libvirt/qemu/nvram/foreigner.fd</nvram>",
        file);
  };
  const std::string ours = "/usr/share/OVMF/OVMF_CODE_4M.ms.fd";
  JAUNT_SKIP_UNLESS(std::filesystem::exists(ours), "there is no OVMF with secure boot here");
  CHECK(Foreigner{.os = secure(ours)}.obstacles() == Found{});
  CHECK(Foreigner{.os = secure("/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd")}.obstacles() == Found{"firmware"});
  // Secure boot needs what i440fx lacks, wherever it comes from.
  CHECK(Foreigner{.type = "<type arch='x86_64' machine='pc'>hvm</type>", .os = secure(ours)}.obstacles().contains(
      "firmware!"));
  CHECK(Foreigner{.type = "<type arch='x86_64' machine='pc-q35-99.0'>hvm</type>", .os = secure(ours)}.obstacles() ==
        Found{"machine"});
}

TEST_CASE("A CPU that no guest here can have, a pool and files that are missing prevent") {
  CHECK(Foreigner{.more = "<cpu mode='custom' match='exact'><model>Cray-1</model></cpu>"}.obstacles() ==
        Found{"cpu!"});
  CHECK(
      Foreigner{.devices = "<disk type='volume'><source pool='jaunt-nowhere' volume='a'/><target dev='vda'/></disk>"}
          .obstacles() == Found{"pool!"});
  CHECK(Foreigner{.os = "<kernel>/nonexistent/vmlinuz</kernel>"}.obstacles() == Found{"files!"});
  CHECK(Foreigner{.devices = "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1050'/>"
                             "<product id='0x0407'/></source></hostdev>"}
            .obstacles() == Found{"devices!"});
}

TEST_CASE("Where libvirt does not answer, that is what is in the way") {
  const base::TemporaryDirectory nobody;
  const auto found =
      obstacles_of("<domain type='qemu'><name>x</name><os><type arch='x86_64'>hvm</type></os></domain>",
                   "qemu+unix:///system?socket=" + (nobody.path() / "sock").string());
  REQUIRE(found.size() == 1);
  CHECK(found[0].subject == "hypervisor");
  CHECK(found[0].fatal);
}

TEST_CASE("Domains of others that come and go disturb nobody who names an image") {
  const ImageFolder folder;
  const std::string image = folder.image("still.raw", "raw", 1);
  const std::string guest = fmt::format(
      "<domain type='qemu'><name>jaunt-test-fleeting-{}</name><memory unit='MiB'>32</memory><os><type>hvm</type></os>"
      "</domain>",
      ::getpid());
  const std::jthread others([&, connection = Connection::open(test_uri())](const std::stop_token& stop) {
    while (!stop.stop_requested())
      connection.define(guest).undefine();
  });
  engine::Libvirt libvirt(test_uri());
  for (int i = 0; i < 500; ++i)
    REQUIRE(engine::resolve_subject(image, "raw", libvirt).image.path == image);
}
