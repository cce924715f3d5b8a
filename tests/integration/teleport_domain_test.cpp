// jaunt teleport of domains: what arrives is a domain that its libvirt runs, with its disks and its firmware's
// variables.
#include <algorithm>

#include <fcntl.h>
#include <signal.h>

#include "integration/two_hosts.hpp"
#include "support/teleport_scene.hpp"

using namespace jaunt;
using namespace jaunt::hypervisor;
using namespace jaunt::test_support;

namespace {

// The domain that a teleport makes here; it goes with the test.
class Arrived {
 public:
  explicit Arrived(std::string what) : name_(fmt::format("jaunt-test-arrived-{}-{}", what, ::getpid())) {}
  ~Arrived() {
    run_program({"virsh", "-q", "-c", test_uri(), "destroy", name_});
    run_program({"virsh", "-q", "-c", test_uri(), "undefine", name_, "--nvram"});
  }
  Arrived(const Arrived&) = delete;
  Arrived& operator=(const Arrived&) = delete;

  const std::string& name() const { return name_; }
  bool exists() const { return Connection::open(test_uri()).find(name_).has_value(); }
  Domain get() const { return Connection::open(test_uri()).get(name_); }

 private:
  std::string name_;
};

// A machine that is shut off, with two disks and UEFI.
struct Still : Hosts {
  fs::path here = disks.path() / "here";
  std::string system = disk("vda.raw", numbered(1, 800) + Blocks(100) + numbered(7000, 24));
  std::string data = disks / "vdb.qcow2";
  std::string variables = disks / "VARS.fd";
  TestDomain domain;

  Still()
      : domain("still", disks,
               disk_xml(system, "raw", "vda") + disk_xml(data, "qcow2", "vdb") +
                   "<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='/nowhere/x.iso'/>"
                   "<target dev='sda' bus='sata'/><readonly/></disk>"
                   "<interface type='user'><mac address='52:54:00:00:00:07'/><model type='virtio'/></interface>",
               fmt::format("<type arch='x86_64' machine='q35'>hvm</type>"
                           "<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>"
                           "<nvram>{}</nvram>",
                           disks / "VARS.fd")) {
    fs::create_directory(here);
    fs::permissions(here, fs::perms(0711));
    must_run({"qemu-img", "convert", "-f", "raw", "-O", "qcow2", disk("vdb.raw", numbered(20000, 300)), data});
    fs::copy_file("/usr/share/OVMF/OVMF_VARS_4M.fd", variables);
    base::File::open(variables, O_WRONLY).write_all(base::ByteOffset(300'000), base::as_bytes("this machine's own"));
    known("base.raw", numbered(1, 780));
    domain.define();
  }

  base::Command teleporting(const std::string& name, std::vector<std::string> options = {}) const {
    options.insert(options.begin(), {"teleport", "--json", "--as", name, "--to", here.string()});
    options.push_back(domain.name() + "@home:" + source.string());
    return command(options);
  }
  base::Captured teleport(const std::string& name, std::vector<std::string> options = {}) const {
    return base::run(teleporting(name, std::move(options)), std::chrono::minutes(10), base::ByteCount(base::kMiB));
  }
  std::string file_here(const std::string& name, const std::string& target) const {
    return (here / fmt::format("{}-{}.raw", name, target)).string();
  }
  std::string planned(const std::string& name) const { return plan_of(domain.name(), {"--as", name})["id"]; }
};

bool same_bytes(const std::string& one, const std::string& format, const std::string& raw) {
  return run_program({"qemu-img", "compare", "-f", format, "-F", "raw", one, raw}).status.success();
}

}  // namespace

TEST_CASE("A domain arrives with all its disks and its firmware's variables, and runs") {
  const Still still;
  const Arrived copy("whole");
  const std::string before = still.domain.get().inactive_xml();
  const Json summary = summary_of(still.teleport(copy.name(), {"--start"}));
  CHECK(same_bytes(still.system, "raw", still.file_here(copy.name(), "vda")));
  CHECK(same_bytes(still.data, "qcow2", still.file_here(copy.name(), "vdb")));
  CHECK(still.domain.get().inactive_xml() == before);

  const Domain domain = copy.get();
  CHECK(domain.active());
  CHECK(domain.persistent());
  CHECK(summary["domain"]["name"] == copy.name());
  CHECK(summary["domain"]["uuid"] == domain.uuid());
  CHECK(summary["domain"]["started"] == true);
  CHECK(domain.uuid() != still.domain.get().uuid());
  const auto hardware = domain.hardware();
  REQUIRE(hardware.interfaces.size() == 1);
  CHECK(hardware.interfaces[0].mac != "52:54:00:00:00:07");
  CHECK(hardware.firmware.nvram != still.variables);
  CHECK(content(hardware.firmware.nvram).find("this machine's own") == 300'000);
  std::vector<model::Problem> problems;
  const auto disks = domain.disks(problems);
  REQUIRE(disks.size() == 3);
  CHECK(disks[0].source == still.file_here(copy.name(), "vda"));
  CHECK(disks[1].source == still.file_here(copy.name(), "vdb"));
  CHECK(disks[2].source_type == "none");
  const auto& changes = summary["domain"]["changes"];
  CHECK(std::ranges::any_of(changes, [](const Json& c) { return c["what"] == "disk sda" && c["to"] == "empty"; }));
}

TEST_CASE(
    "Media come along where that is asked, of a machine that is shut off or runs, and the definition points to "
    "them") {
  const Hosts hosts;
  const fs::path here = hosts.disks.path() / "here";
  fs::create_directory(here);
  fs::permissions(here, fs::perms(0711));
  const std::string system = hosts.disk("vda.raw", numbered(1, 300));
  const std::string medium = hosts.disk("tools.iso", numbered(3000, 90));
  const std::string seed = hosts.disk("seed.iso", numbered(4000, 7));
  const auto drive = [](const std::string& file, const std::string& target) {
    return fmt::format(
        "<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='{}'/>"
        "<target dev='{}' bus='sata'/><readonly/></disk>",
        file, target);
  };
  TestDomain domain("media", hosts.disks,
                    disk_xml(system, "raw", "vda") + drive(medium, "sda") + drive(seed, "sdb") +
                        "<disk type='file' device='cdrom'><target dev='sdc' bus='sata'/><readonly/></disk>");
  domain.define();
  for (const bool runs : {false, true}) {
    CAPTURE(runs);
    if (runs)
      domain.start();
    const Arrived copy(runs ? "media-live" : "media-still");
    const Json summary =
        summary_of(hosts.jaunt({"teleport", "--json", "--media", "carry", "--start", "--as", copy.name(), "--to",
                                here, domain.name() + "@home:" + hosts.source.string()}));
    CHECK(summary["disks"].size() == 3);
    std::vector<model::Problem> problems;
    const auto disks = copy.get().disks(problems);
    REQUIRE(disks.size() == 4);
    CHECK(disks[0].source == (here / (copy.name() + "-vda.raw")).string());
    CHECK(disks[1].source == (here / (copy.name() + "-sda.iso")).string());
    CHECK(disks[2].source == (here / (copy.name() + "-sdb.iso")).string());
    CHECK(disks[1].read_only);
    CHECK(disks[3].source_type == "none");
    CHECK(content(disks[1].source) == content(medium));
    CHECK(content(disks[2].source) == content(seed));
  }
}

TEST_CASE("A medium that its node may not read is named and stays behind") {
  const Still still;  // with one that does not exist
  const Arrived copy("media-gone");
  const base::Captured result = still.teleport(copy.name(), {"--media", "carry"});
  const Json summary = summary_of(result);
  CHECK(result.out.find("x.iso") != std::string::npos);
  CHECK(summary["disks"].size() == 2);
  std::vector<model::Problem> problems;
  CHECK(copy.get().disks(problems).at(2).source_type == "none");
}

TEST_CASE("What stands in the way of a domain is said before a byte moves") {
  const Still still;
  const base::Captured refused = still.teleport(still.domain.name());  // the name is taken
  CHECK(refused.status.code != 0);
  CHECK(error_of(refused)["cause"].get<std::string>().find("is there already") != std::string::npos);
  CHECK(fs::is_empty(still.here));

  const Json disks_alone = summary_of(still.teleport(still.domain.name(), {"--no-define"}));
  CHECK_FALSE(disks_alone.contains("domain"));
  CHECK(same_bytes(still.system, "raw", still.file_here(still.domain.name(), "vda")));
}

TEST_CASE("A plan carried out by its id makes the domain that it was made for, unless something stands in the way") {
  const Still still;
  const Arrived copy("planned");
  const std::string taken = still.planned(still.domain.name());
  const base::Captured refused = still.jaunt({"teleport", "--json", "--plan", taken, "--to", still.here.string()});
  CHECK(refused.status.code != 0);
  CHECK(error_of(refused)["cause"].get<std::string>().find("is there already") != std::string::npos);
  CHECK(fs::is_empty(still.here));

  const std::string id = still.planned(copy.name());
  const Json summary = summary_of(still.jaunt({"teleport", "--json", "--plan", id, "--to", still.here.string()}));
  CHECK(summary["domain"]["name"] == copy.name());
  CHECK(copy.exists());
  CHECK(same_bytes(still.system, "raw", still.file_here(copy.name(), "vda")));
}

TEST_CASE("A domain is defined once, wherever the teleport was killed") {
  for (const std::string point : {"targets visible", "domain named", "domain defined", "targets catalogued"}) {
    CAPTURE(point);
    const Still still;
    const Arrived copy("killed");
    base::Command command = still.teleporting(copy.name());
    command.environment.push_back(fmt::format("JAUNT_KILL_AT={}:1", point));
    const base::Captured killed = base::run(command, std::chrono::minutes(10), base::ByteCount(base::kMiB));
    REQUIRE(killed.status.signal == SIGKILL);
    const Json jobs = Json::parse(still.jaunt({"job", "list", "--json"}).out);
    const Json summary = summary_of(still.jaunt({"job", "resume", "--json", jobs["id"].get<std::string>()}));
    CHECK(copy.get().uuid() == summary["domain"]["uuid"]);
    CHECK(same_bytes(still.system, "raw", still.file_here(copy.name(), "vda")));
    CHECK(content(copy.get().hardware().firmware.nvram).find("this machine's own") == 300'000);
    CHECK(still.jaunt({"job", "list", "--json"}).out.empty());
  }
}
