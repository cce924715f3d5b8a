// jaunt teleport of real guests: what arrives boots and shows its page.
#include "integration/two_hosts.hpp"
#include "support/skip.hpp"
#include "support/teleport_scene.hpp"
#include "support/world.hpp"

using namespace jaunt;
using namespace jaunt::hypervisor;
using namespace jaunt::test_support;

namespace {

// A small web server as a domain of this host, and a destination that has a guest of its kind.
struct Web : Hosts {
  const WorldGuest& guest;
  std::string file = disks / "web.qcow2";
  TestDomain domain;
  std::string copy = domain.name() + "-copy";

  Web(const WorldGuest& web, const WorldGuest& kin)
      : guest(web),
        domain("web", disks,
               disk_xml(file, "qcow2", "vda") +
                   "<serial type='pty'/><console type='pty'/>"
                   "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>",
               "<type arch='x86_64' machine='pc'>hvm</type>", guest.facts.at("memory_mib")) {
    must_run({"qemu-img", "create", "-q", "-f", "qcow2", "-F", guest.format, "-b", guest.disk, file});
    more_environment = {"JAUNT_APPLIANCE_USE=true"};
    allowed.insert(allowed.end(), {guest.folder.string(), kin.folder.string()});
    catalogue(destination, kin.disk, kin.format);
    domain.define();
  }
  ~Web() {
    run_program({"virsh", "-q", "-c", test_uri(), "destroy", copy});
    run_program({"virsh", "-q", "-c", test_uri(), "undefine", copy});
  }
  Web(const Web&) = delete;
  Web& operator=(const Web&) = delete;

  void shows_its_page(const std::string& name) const {
    const auto console = [&](std::vector<std::string> words) {
      words.insert(words.begin(), {JAUNT_GUEST_CONSOLE, "--connect", test_uri(), "--timeout", "280", name});
      const auto result = base::run({.argv = std::move(words), .environment = {}, .confinement = {}},
                                    std::chrono::minutes(5), base::ByteCount(base::kMiB));
      INFO(result.out << result.err);
      REQUIRE(result.status.success());
    };
    console({"--ready"});
    console({"set -e; findmnt -n -o OPTIONS / | grep -qw rw; " + guest.facts.at("check").get<std::string>()});
  }
  Json teleport() const {
    return summary_of(jaunt({"teleport", "--json", "--as", copy, "--start", "--to", disks.path().string(),
                             domain.name() + "@home:" + source.string()}));
  }
};

}  // namespace

TEST_CASE("A real guest that is teleported while it serves boots, and shows its page") {
  JAUNT_NEED_GUEST(guest, "web-small");
  JAUNT_NEED_GUEST(minimal, "minimal-independent");
  Web web(guest, minimal);
  web.domain.start();
  web.shows_its_page(web.domain.name());
  const Json summary = web.teleport();
  MESSAGE("wire bytes: ", summary["wire_bytes_received"].get<std::uint64_t>(), " received, ",
          summary["wire_bytes_sent"].get<std::uint64_t>(), " sent; ", summary["bytes_by_source"].dump());
  CHECK(summary["instant"]["frozen"] == false);
  CHECK(summary["bytes_by_source"]["base"].get<std::uint64_t>() > 0);
  virsh({"destroy", web.domain.name()});
  web.shows_its_page(web.copy);
}

TEST_CASE("A real guest arrives with what its filesystem uses, and bit for bit where that is asked") {
  JAUNT_NEED_GUEST(guest, "web-small");
  JAUNT_NEED_GUEST(minimal, "minimal-independent");
  TwoHomes homes;
  homes.allowed.insert(homes.allowed.end(), {guest.folder.string(), minimal.folder.string()});
  catalogue(homes.destination, minimal.disk, minimal.format);
  const auto teleport = [&](const fs::path& to, std::vector<std::string> options) {
    options.insert(options.begin(),
                   {"teleport", "--json", "--rate", "100Mbit", "--format", guest.format, "--to", to});
    options.push_back(guest.disk.string() + "@home:" + homes.source.string());
    return summary_of(homes.jaunt(options));
  };
  const Json summary = teleport(homes.folder.path() / "carried.raw", {});
  MESSAGE("wire bytes: ", summary["wire_bytes_received"].get<std::uint64_t>(), " received, ",
          summary["wire_bytes_sent"].get<std::uint64_t>(), " sent; ", summary["bytes_by_source"].dump());
  CHECK(summary["bytes_by_source"]["base"].get<std::uint64_t>() > 0);

  const Json exact = teleport(homes.folder.path() / "exact.raw", {"--bit-exact"});
  CHECK(run_program(
            {"qemu-img", "compare", "-f", guest.format, "-F", "raw", guest.disk, homes.folder.path() / "exact.raw"})
            .status.code == 0);
  MESSAGE("bit for bit, the carried one here: ", exact["wire_bytes_received"].get<std::uint64_t>(), " received");
}
