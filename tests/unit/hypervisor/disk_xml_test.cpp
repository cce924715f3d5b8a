#include <doctest/doctest.h>

#include "base/error.hpp"
#include "hypervisor/xml.hpp"
#include "xml_samples.hpp"

using namespace jaunt;
using namespace jaunt::hypervisor;
using model::DiskRole;

namespace {

model::Disk only_disk(const std::string& disk) {
  const auto disks = parse_domain(domain_with(disk)).disks;
  REQUIRE(disks.size() == 1);
  return disks.front();
}

DiskRole role_of(const std::string& device, const std::string& file, const std::string& more = "") {
  return only_disk("<disk type='file' device='" + device + "'><source file='" + file + "'/><target dev='sda'/>" +
                   more + "</disk>")
      .role;
}

}  // namespace

TEST_CASE("A file disk has its path, format and target") {
  const auto disk = only_disk(
      "<disk type='file' device='disk'><driver name='qemu' type='qcow2' discard='unmap'/>"
      "<source file='/images/a &amp; b.qcow2'/><target dev='vda' bus='virtio'/></disk>");
  CHECK(disk.target == "vda");
  CHECK(disk.role == DiskRole::disk);
  CHECK(disk.source == "/images/a & b.qcow2");
  CHECK(disk.source_type == "file");
  CHECK(disk.format == "qcow2");
  CHECK_FALSE(disk.read_only);
  CHECK_FALSE(disk.shareable);
  REQUIRE(disk.layers.size() == 1);
  CHECK(disk.layers[0].path == "/images/a & b.qcow2");
  CHECK(disk.layers[0].format == "qcow2");
}

TEST_CASE("A disk without a format is raw, as libvirt takes it, and never probed") {
  CHECK(only_disk("<disk type='block'><source dev='/dev/vg/root'/><target dev='vda'/></disk>").format == "raw");
}

TEST_CASE("Block devices, pool volumes and network disks are named by where they are") {
  const auto block = only_disk("<disk type='block'><source dev='/dev/vg/root'/><target dev='vda'/></disk>");
  CHECK(block.source == "/dev/vg/root");
  CHECK(block.source_type == "block");
  const auto volume =
      only_disk("<disk type='volume'><source pool='default' volume='a.img'/><target dev='vda'/></disk>");
  CHECK(volume.source == "default/a.img");
  CHECK(volume.source_type == "volume");
  const auto network = only_disk(
      "<disk type='network'><source protocol='rbd' name='pool/image'><host name='mon1' port='6789'/></source>"
      "<target dev='vda'/></disk>");
  CHECK(network.source == "rbd://mon1:6789/pool/image");
  CHECK(network.source_type == "network");
}

TEST_CASE("Read-only and shareable disks are told apart") {
  const auto locked = only_disk("<disk type='file'><source file='/a'/><target dev='vda'/><readonly/></disk>");
  CHECK(locked.read_only);
  CHECK_FALSE(locked.shareable);
  const auto shared = only_disk("<disk type='file'><source file='/a'/><target dev='vda'/><shareable/></disk>");
  CHECK(shared.shareable);
  CHECK_FALSE(shared.read_only);
}

TEST_CASE("An empty drive has no medium") {
  const auto drive = only_disk("<disk type='file' device='cdrom'><target dev='sda'/><readonly/></disk>");
  CHECK(drive.role == DiskRole::cdrom);
  CHECK(drive.source.empty());
  CHECK(drive.source_type == "none");
  CHECK(drive.layers.empty());
  CHECK(drive.read_only);
}

TEST_CASE("Seed images, CD-ROMs and floppies are not taken for disks") {
  CHECK(role_of("cdrom", "/iso/debian-12.iso") == DiskRole::cdrom);
  CHECK(role_of("cdrom", "/var/lib/libvirt/images/web-seed.iso") == DiskRole::seed);
  CHECK(role_of("cdrom", "/x/CIDATA.iso") == DiskRole::seed);
  CHECK(role_of("cdrom", "/x/virtinst-abc-cloudinit.iso") == DiskRole::seed);
  CHECK(role_of("floppy", "/x/drivers.img") == DiskRole::floppy);
  CHECK(role_of("disk", "/x/cidata.img", "<readonly/>") == DiskRole::seed);
}

TEST_CASE("A writable disk is a disk whatever its name, and a folder's name decides nothing") {
  CHECK(role_of("disk", "/x/seed.img") == DiskRole::disk);
  CHECK(role_of("disk", "/seed/a.img", "<readonly/>") == DiskRole::disk);
  CHECK(role_of("cdrom", "/cloud-init/debian.iso") == DiskRole::cdrom);
}

TEST_CASE("The backing chain is listed with the formats that libvirt knows") {
  const auto disk = only_disk(
      "<disk type='file' device='disk'><driver type='qcow2'/><source file='/top.qcow2' index='1'/>"
      "<backingStore type='file' index='2'><format type='qcow2'/><source file='/mid.qcow2'/>"
      "<backingStore type='block' index='3'><format type='raw'/><source dev='/dev/base'/><backingStore/>"
      "</backingStore></backingStore><target dev='vda'/></disk>");
  REQUIRE(disk.layers.size() == 3);
  CHECK(disk.layers[1].path == "/mid.qcow2");
  CHECK(disk.layers[1].format == "qcow2");
  CHECK(disk.layers[2].path == "/dev/base");
  CHECK(disk.layers[2].format == "raw");
}

TEST_CASE("A backing chain of absurd length is refused") {
  std::string chain;
  std::string ends;
  for (std::size_t i = 0; i < kChainMax; ++i) {
    chain += "<backingStore type='file'><format type='raw'/><source file='/b'/>";
    ends += "</backingStore>";
  }
  CHECK_THROWS_WITH_AS(
      only_disk("<disk type='file'><source file='/a'/><target dev='vda'/>" + chain + ends + "</disk>"),
      doctest::Contains("backing chain"), base::Error);
}
