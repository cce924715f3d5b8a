// Domains of a real libvirt as values.
#include <atomic>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "test_domain.hpp"

using namespace jaunt;
using namespace jaunt::hypervisor;
using model::DiskRole;

namespace {

std::vector<model::Disk> disks_of(const Domain& domain) {
  std::vector<model::Problem> problems;
  auto disks = domain.disks(problems);
  CHECK(problems.empty());
  return disks;
}

// A pool of a folder that lives as long as a test case.
class TestPool {
 public:
  explicit TestPool(const ImageFolder& folder) : name_(fmt::format("jaunt-test-pool-{}", ::getpid())) {
    std::filesystem::create_directory(folder.path() / "pool");
    virsh({"pool-create-as", name_, "dir", "--target", folder / "pool"});
  }
  ~TestPool() { run_program({"virsh", "-q", "-c", test_uri(), "pool-destroy", name_}); }

  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

}  // namespace

TEST_CASE("A defined domain is described without running") {
  const ImageFolder folder;
  TestDomain domain(
      "defined", folder,
      disk_xml(folder.image("a.qcow2", "qcow2", 8), "qcow2", "vda") +
          "<interface type='user'><mac address='52:54:00:00:00:09'/><model type='virtio'/></interface>");
  domain.define();
  auto hardware = domain.get().hardware();
  CHECK(hardware.name == domain.name());
  CHECK(hardware.uuid == domain.get().uuid());
  CHECK(hardware.connection == test_uri());
  CHECK(hardware.state == "shut off");
  CHECK(hardware.persistent);
  CHECK_FALSE(hardware.autostart);
  CHECK_FALSE(hardware.managed_save);
  CHECK(hardware.virtualization == "qemu");
  CHECK(hardware.machine.find("q35") != std::string::npos);
  CHECK(hardware.memory.value == 32 * base::kMiB);
  CHECK(hardware.firmware.kind == "bios");
  REQUIRE(hardware.interfaces.size() == 1);
  CHECK(hardware.interfaces[0].mac == "52:54:00:00:00:09");
  CHECK(hardware.domain_xml.find(domain.name()) != std::string::npos);
  virsh({"autostart", domain.name()});
  CHECK(domain.get().hardware().autostart);
}

TEST_CASE("Running, paused, saved and transient domains are told apart") {
  const ImageFolder folder;
  TestDomain kept("kept", folder, disk_xml(folder.image("a.qcow2", "qcow2", 8), "qcow2", "vda"));
  kept.define().start();
  CHECK(kept.get().hardware().state == "running");
  CHECK(kept.get().active());
  virsh({"suspend", kept.name()});
  CHECK(kept.get().hardware().state == "paused");
  virsh({"managedsave", kept.name()});
  const auto saved = kept.get().hardware();
  CHECK(saved.state == "shut off");
  CHECK(saved.managed_save);

  TestDomain passing("passing", folder, disk_xml(folder.image("b.qcow2", "qcow2", 8), "qcow2", "vda"));
  passing.create();
  const auto hardware = passing.get().hardware();
  CHECK(hardware.state == "running");
  CHECK_FALSE(hardware.persistent);
  CHECK_FALSE(hardware.domain_xml.empty());
}

TEST_CASE("Every kind of disk is told apart, running or not") {
  const ImageFolder folder;
  const TestPool pool(folder);
  virsh({"vol-create-as", pool.name(), "v.qcow2", "4M", "--format", "qcow2"});
  folder.image("base.raw", "raw", 8);
  must_run({"qemu-img", "create", "-q", "-f", "qcow2", "-b", folder / "base.raw", "-F", "raw", folder / "top.qcow2"});
  TestDomain domain(
      "disks", folder,
      disk_xml(folder / "top.qcow2", "qcow2", "vda") +
          disk_xml(folder.image("r.raw", "raw", 2), "raw", "vdb", "<readonly/>") +
          disk_xml(folder.image("s.raw", "raw", 3), "raw", "vdc", "<shareable/>") +
          fmt::format("<disk type='volume' device='disk'><driver name='qemu' type='qcow2'/>"
                      "<source pool='{}' volume='v.qcow2'/><target dev='vdd' bus='virtio'/></disk>",
                      pool.name()) +
          fmt::format("<disk type='file' device='cdrom'><source file='{}'/><target dev='sda' bus='sata'/></disk>",
                      folder.image("web-cidata.iso", "raw", 1)) +
          "<disk type='file' device='cdrom'><target dev='sdb' bus='sata'/></disk>");
  const auto check = [&] {
    const auto disks = disks_of(domain.get());
    REQUIRE(disks.size() == 6);
    CHECK(disks[0].source == folder / "top.qcow2");
    CHECK(disks[0].format == "qcow2");
    CHECK(disks[0].size.value == 8 * base::kMiB);
    CHECK(disks[1].read_only);
    CHECK(disks[2].shareable);
    CHECK(disks[2].size.value == 3 * base::kMiB);
    CHECK(disks[3].source_type == "volume");
    CHECK(disks[3].source == pool.name() + "/v.qcow2");
    CHECK(disks[3].layers.at(0).path == folder / "pool/v.qcow2");
    CHECK(disks[3].size.value == 4 * base::kMiB);
    CHECK(disks[4].role == DiskRole::seed);
    CHECK(disks[5].role == DiskRole::cdrom);
    CHECK(disks[5].source_type == "none");
  };
  domain.define();
  check();
  domain.start();
  check();
  const auto layers = disks_of(domain.get()).at(0).layers;
  REQUIRE(layers.size() == 2);
  CHECK(layers[1].path == folder / "base.raw");
  CHECK(layers[1].format == "raw");
}

TEST_CASE("A volume whose pool is gone is a problem that leaves the rest described") {
  const ImageFolder folder;
  TestDomain domain("poolless", folder,
                    disk_xml(folder.image("a.raw", "raw", 2), "raw", "vda") +
                        "<disk type='volume' device='disk'><source pool='jaunt-no-such-pool' volume='v'/>"
                        "<target dev='vdb' bus='virtio'/></disk>");
  domain.define();
  std::vector<model::Problem> problems;
  const auto disks = domain.get().disks(problems);
  REQUIRE(disks.size() == 2);
  CHECK(disks[0].size.value == 2 * base::kMiB);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].subject.find("vdb") != std::string::npos);
  CHECK(problems[0].cause.find("jaunt-no-such-pool") != std::string::npos);
}

TEST_CASE("Snapshots form a tree with a current one, inside the image or outside") {
  const ImageFolder folder;
  TestDomain domain("snapshots", folder, disk_xml(folder.image("a.qcow2", "qcow2", 8), "qcow2", "vda"));
  domain.define();
  virsh({"snapshot-create-as", domain.name(), "first"});
  virsh({"snapshot-create-as", domain.name(), "second"});
  virsh({"snapshot-create-as", domain.name(), "outside", "--disk-only"});
  const auto snapshots = domain.get().hardware().snapshots;
  REQUIRE(snapshots.size() == 3);
  CHECK(snapshots[0].name == "first");
  CHECK(snapshots[0].parent.empty());
  CHECK(snapshots[0].created > 1'700'000'000);
  CHECK_FALSE(snapshots[0].external);
  CHECK(snapshots[1].parent == "first");
  CHECK_FALSE(snapshots[1].current);
  CHECK(snapshots[2].parent == "second");
  CHECK(snapshots[2].external);
  CHECK(snapshots[2].current);
}

TEST_CASE("A UEFI machine with a TPM names its firmware, variables and TPM") {
  const ImageFolder folder;
  // Without this program libvirt defines no domain with a TPM.
  const bool tpm = std::filesystem::exists("/usr/bin/swtpm_setup");
  TestDomain domain("uefi", folder, tpm ? "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>" : "",
                    "<type arch='x86_64' machine='q35'>hvm</type>"
                    "<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>");
  domain.define();
  const auto hardware = domain.get().hardware();
  CHECK(hardware.firmware.kind == "uefi");
  CHECK(hardware.firmware.loader == "/usr/share/OVMF/OVMF_CODE_4M.fd");
  CHECK(hardware.firmware.nvram.find(domain.name()) != std::string::npos);
  CHECK_FALSE(hardware.firmware.secure_boot);
  CHECK(hardware.tpm == (tpm ? "tpm-crb emulator 2.0" : ""));
}

TEST_CASE("A domain is found by name and by uuid, and one that is missing is said to be") {
  const ImageFolder folder;
  TestDomain domain("found", folder, "");
  domain.define();
  const auto connection = Connection::open(test_uri());
  const auto by_name = connection.find(domain.name());
  REQUIRE(by_name);
  const auto by_uuid = connection.find(by_name->uuid());
  REQUIRE(by_uuid);
  CHECK(by_uuid->name() == domain.name());
  CHECK_FALSE(connection.find("jaunt-no-such-domain"));
  CHECK_FALSE(connection.find("00000000-0000-0000-0000-000000000001"));
  CHECK_THROWS_WITH_AS(connection.get("jaunt-no-such-domain"), doctest::Contains("jaunt-no-such-domain"),
                       base::Error);
  bool listed = false;
  for (const auto& each : connection.domains())
    listed |= each.name() == domain.name();
  CHECK(listed);
}

TEST_CASE("A watch tells that a domain has started, even when it has stopped again") {
  const ImageFolder folder;
  TestDomain domain("watched", folder, disk_xml(folder.image("a.raw", "raw", 2), "raw", "vda"));
  domain.define();
  std::atomic<int> calls = 0;
  const DomainWatch watch(domain.get(), [&] { ++calls; });
  CHECK_FALSE(watch.started());
  domain.start();
  virsh({"destroy", domain.name()});
  CHECK(watch.started());
  CHECK(calls == 1);
  domain.start();
  const DomainWatch late(domain.get());
  CHECK(late.started());
  CHECK(calls == 1);
}
