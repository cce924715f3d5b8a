#include "describe/layout.hpp"

#include <doctest/doctest.h>

#include "describe/elision.hpp"
#include "describe/probe.hpp"

using namespace jaunt;
using namespace jaunt::describe;
using base::ByteCount;
using base::ByteOffset;

namespace {

// The kernel found the second drive first, and its own disk between them.
const std::string kTwoDrives =
    "drive a sdc\ndrive b sda\n"
    "block sda 8:0 0 614400 0\nblock sda1 8:1 2048 97953 1\nblock sda2 8:2 102400 497601 2\n"
    "block sdb 8:16 0 8388608 0\nblock sdc 8:32 0 409600 0\n"
    "block dm-0 253:0 0 311296 0\nblock dm-1 253:1 0 81920 0\n"
    "map 253:0 0 204800 linear 8:2 2048\nmap 253:0 204800 106496 linear 8:2 288768\n"
    "map 253:1 0 81920 linear 8:2 206848\n"
    "volume 253 0 159383552 Kfdoa1-mpUh v-g ro_o.t-1\nvolume 253 1 41943040 wJXO4T-gRm2 v-g sw\n";

model::Extent sectors(std::uint64_t first, std::uint64_t count) {
  return {ByteOffset(first * 512), ByteCount(count * 512)};
}

Probes probes_of(const Layout& layout, const std::string& leaf_signature = "ext4") {
  Probes probes;
  for (const auto& device : layout.devices()) {
    auto& probe = probes[device.node];
    if (!layout.leaf(device) && device.kind == Device::Kind::drive)
      probe.signatures = {"gpt", "PMBR"};
    else if (!layout.leaf(device))
      probe = {.type = "LVM2_member",
               .label = {},
               .uuid = {},
               .table = {},
               .partition_type = {},
               .partition_label = {},
               .signatures = {"LVM2_member"}};
    else
      probe.signatures = {leaf_signature};
  }
  return probes;
}

}  // namespace

TEST_CASE("Drives keep their order whatever the kernel calls them") {
  const Layout layout = Layout::parse(kTwoDrives);
  REQUIRE(layout.by_name("/dev/sda") != nullptr);
  CHECK(layout.by_name("/dev/sda")->node == "/dev/sdc");
  REQUIRE(layout.by_name("/dev/sdb2") != nullptr);
  CHECK(layout.by_name("/dev/sdb2")->node == "/dev/sda2");
  CHECK(layout.by_name("/dev/sdb2")->segments[0] == Segment{ByteOffset(0), 1, sectors(102400, 497601)});
  CHECK(layout.by_name("/dev/sdc") == nullptr);
}

TEST_CASE("A volume in two pieces maps to both of its places on the disk") {
  const Layout layout = Layout::parse(kTwoDrives);
  const Device* volume = layout.by_name("/dev/v-g/ro_o.t-1");
  REQUIRE(volume != nullptr);
  REQUIRE(volume->segments.size() == 2);
  const auto across = on_disks(volume->segments, sectors(204799, 2));
  REQUIRE(across.size() == 2);
  CHECK(across[0].on_disk == sectors(102400 + 2048 + 204799, 1));
  CHECK(across[1].on_disk == sectors(102400 + 288768, 1));
  CHECK(across[1].in_device == ByteOffset(204800 * 512));
  CHECK(layout.volumes().size() == 2);
}

TEST_CASE("What is beyond a device's end has no place") {
  const Layout layout = Layout::parse(kTwoDrives);
  CHECK(on_disks(layout.by_name("/dev/sda")->segments, sectors(409600, 8)).empty());
}

TEST_CASE("A plain filesystem of its own raises no doubt") {
  const Layout layout = Layout::parse(kTwoDrives);
  const auto probes = probes_of(layout);
  for (const char* name : {"/dev/sda", "/dev/sdb1", "/dev/v-g/ro_o.t-1", "/dev/v-g/sw"})
    CHECK(placement_doubt(layout, probes, *layout.by_name(name)) == "");
}

TEST_CASE("A volume that is not linear, or maps beyond its partition, has no certain place") {
  for (const char* line : {"map 253:0 0 204800 snapshot-origin 8:2", "map 253:0 0 311296 linear 8:2 400000",
                           "map 253:0 0 311296 linear 9:9 0", "map 253:0 0 1024 linear 8:2 0"}) {
    const Layout layout = Layout::parse(
        "drive a sda\nblock sda 8:0 0 614400 0\nblock sda2 8:2 102400 497601 2\n"
        "block dm-0 253:0 0 311296 0\n" +
        std::string(line) + "\nvolume 253 0 159383552 u g v\n");
    REQUIRE(layout.by_name("/dev/g/v") != nullptr);
    CHECK(layout.by_name("/dev/g/v")->segments.empty());
    CHECK(placement_doubt(layout, probes_of(layout), *layout.by_name("/dev/g/v")) != "");
  }
}

TEST_CASE("Overlapping partitions cast doubt on each other, and on volumes on them") {
  const Layout layout = Layout::parse(
      "drive a sda\nblock sda 8:0 0 614400 0\nblock sda1 8:1 2048 200000 1\nblock sda2 8:2 102400 400000 2\n"
      "block sda3 8:3 600000 1000 3\n"
      "block dm-0 253:0 0 1024 0\nmap 253:0 0 1024 linear 8:2 300000\nvolume 253 0 524288 u g v\n");
  const auto probes = probes_of(layout);
  CHECK(placement_doubt(layout, probes, *layout.by_name("/dev/sda1")) != "");
  CHECK(placement_doubt(layout, probes, *layout.by_name("/dev/g/v")) != "");
  CHECK(placement_doubt(layout, probes, *layout.by_name("/dev/sda3")) == "");
}

TEST_CASE("Volumes that share bytes cast doubt on each other") {
  const Layout layout = Layout::parse(
      "drive a sda\nblock sda 8:0 0 614400 0\nblock dm-0 253:0 0 1024 0\nblock dm-1 253:1 0 1024 0\n"
      "map 253:0 0 1024 linear 8:0 2048\nmap 253:1 0 1024 linear 8:0 3000\n"
      "volume 253 0 524288 u g v\nvolume 253 1 524288 u g w\n");
  CHECK(placement_doubt(layout, probes_of(layout), *layout.by_name("/dev/g/v")) != "");
}

TEST_CASE("Two signatures on one device are a doubt, below it too") {
  const Layout layout = Layout::parse(kTwoDrives);
  auto probes = probes_of(layout);
  probes["/dev/sdc"].signatures = {"ext4", "crypto_LUKS"};
  CHECK(placement_doubt(layout, probes, *layout.by_name("/dev/sda")) != "");
  probes["/dev/sda2"].signatures = {"LVM2_member", "linux_raid_member"};
  CHECK(placement_doubt(layout, probes, *layout.by_name("/dev/v-g/sw")) != "");
  probes = probes_of(layout);
  probes["/dev/sda"].signatures = {"gpt", "iso9660"};
  CHECK(placement_doubt(layout, probes, *layout.by_name("/dev/sdb1")) != "");
}

TEST_CASE("A partition beyond its disk's end has no place") {
  const Layout layout = Layout::parse("drive a sda\nblock sda 8:0 0 1000 0\nblock sda1 8:1 500 501 1\n");
  CHECK(layout.by_name("/dev/sda1")->segments.empty());
}

TEST_CASE("Elidable blocks are whole 4 KiB blocks of the disk, also under a misaligned partition") {
  const Layout layout = Layout::parse("drive a sda\nblock sda 8:0 0 614400 0\nblock sda1 8:1 63 97953 1\n");
  model::ExtentSet free;
  free.insert({ByteOffset(4096), ByteCount(12288)});
  std::vector<model::ExtentSet> per_disk(1);
  CHECK(add_elidable(*layout.by_name("/dev/sda1"), free, per_disk) == ByteCount(8192));
  CHECK(per_disk[0].extents()[0] == model::Extent{ByteOffset(36864), ByteCount(8192)});
}

TEST_CASE("A probe's label and type are decoded, and a label cannot pass for another field") {
  const auto probes = parse_probes(
      "probe /dev/sda1\nID_FS_LABEL=a_b\nID_FS_LABEL_ENC=a\\x0ab\\xffID_FS_TYPE=xfs\nID_FS_UUID_ENC=1-2\n"
      "ID_FS_TYPE=ext4\nID_PART_ENTRY_TYPE=0x83\nsignature ext4\nprobe /dev/sda2\nsignature dos\nsignature xfs\n");
  REQUIRE(probes.size() == 2);
  CHECK(probes.at("/dev/sda1").type == "ext4");
  CHECK(probes.at("/dev/sda1").label == "a\nb\xffID_FS_TYPE=xfs");
  CHECK(probes.at("/dev/sda1").partition_type == "0x83");
  CHECK(probes.at("/dev/sda2").signatures == std::vector<std::string>{"dos", "xfs"});
}
