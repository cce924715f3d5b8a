// A description in which every field has a value of its own.
#pragma once

#include "model/description.hpp"

namespace jaunt::test_support {

inline model::Description sample_description() {
  using namespace model;
  using base::ByteCount;
  using base::ByteOffset;
  Description d;
  d.subject = "web1";
  Hardware& h = d.hardware.emplace();
  h.name = "web1";
  h.uuid = "6f1b1d3c-6b0e-4d8e-9a52-0c8ab5f0a001";
  h.connection = "qemu:///system";
  h.state = "shut off";
  h.persistent = true;
  h.autostart = true;
  h.managed_save = true;
  h.virtualization = "kvm";
  h.machine = "pc-q35-7.2";
  h.emulator = "/usr/bin/qemu-system-x86_64";
  h.arch = "x86_64";
  h.vcpus = 2;
  h.memory = ByteCount(2 * base::kGiB);
  h.cpu_mode = "custom";
  h.cpu_model = "Haswell";
  h.firmware = {.kind = "uefi", .loader = "/OVMF_CODE.fd", .nvram = "/nvram/web1.fd", .secure_boot = true};
  h.tpm = "tpm-crb emulator 2.0";
  h.interfaces = {{.mac = "52:54:00:00:00:01", .model = "virtio", .kind = "network", .source = "default"}};
  h.host_devices = {"pci 0000:01:00.0"};
  h.snapshots = {{.name = "s1", .parent = "s0", .state = "running", .created = 1700000000, .current = true}};
  h.checkpoints = {"c1"};
  h.domain_xml = "<domain type='kvm'>\n  <name>web1</name>\n</domain>\n";
  OperatingSystem& os = d.systems.emplace_back();
  os.root_device = "/dev/sda1";
  os.type = "linux";
  os.distro = "debian";
  os.product = "Debian GNU/Linux 12 (bookworm)";
  os.major_version = 12;
  os.minor_version = 5;
  os.arch = "x86_64";
  os.hostname = "web1";
  os.init = "systemd";
  os.package_format = "deb";
  os.packages = {{.name = "nginx", .version = "1.22.1-9", .arch = "amd64"},
                 {.name = "bash", .version = "5.2.15-2+b7", .arch = "amd64"}};
  os.repositories = {{.format = "apt",
                      .uri = "http://deb.debian.org/debian",
                      .suite = "bookworm",
                      .components = {"main", "contrib"},
                      .enabled = false,
                      .file = "/etc/apt/sources.list"}};
  os.user_data = {{.path = "/srv/\xff", .bytes = ByteCount(50 * base::kMiB), .files = 820}};
  d.partition_tables = {{.disk = 0,
                         .type = "gpt",
                         .partitions = {{.device = "/dev/sda1",
                                         .disk = 1,
                                         .extent = {ByteOffset(base::kMiB), ByteCount(8 * base::kGiB)},
                                         .type = "0FC63DAF-8483-4772-8E79-3D69D8477DE4",
                                         .label = "root"}}}};
  d.logical_volumes = {{.group = "vg", .name = "root", .uuid = "abc-def", .size = ByteCount(4 * base::kGiB)}};
  d.filesystems = {{.device = "/dev/sda1",
                    .type = "ext4",
                    .label = "r\x1b[1m",
                    .uuid = "0f0e",
                    .mount_points = {"/", "/\xc3("},
                    .size = ByteCount(8 * base::kGiB),
                    .used = ByteCount(3 * base::kGiB),
                    .free = ByteCount(5 * base::kGiB),
                    .state = FilesystemState::dirty,
                    .state_reason = "needs recovery",
                    .opaque = true,
                    .elidable = ByteCount(4 * base::kGiB)}};
  Disk& disk = d.disks.emplace_back();
  disk.target = "vda";
  disk.role = DiskRole::seed;
  disk.source = "/var/lib/libvirt/images/web1.qcow2";
  disk.source_type = "file";
  disk.format = "qcow2";
  disk.read_only = true;
  disk.shareable = true;
  disk.size = ByteCount(8 * base::kGiB + 512);
  disk.layers = {
      {.path = disk.source,
       .format = "qcow2",
       .virtual_size = disk.size,
       .allocated = ByteCount(2 * base::kGiB),
       .identity = {.device = 1, .inode = ~0ULL, .size = 3, .mtime_ns = -4, .ctime_ns = 1700000000000000001}}};
  disk.root.emplace().fill(std::byte{0xa5});
  disk.carried_root.emplace().fill(std::byte{0x5a});
  disk.nonzero = ByteCount(2881 * base::kMiB);
  disk.needed = ByteCount(2408 * base::kMiB);
  d.problems = {{.subject = "/dev/sdb1", .cause = "its superblock is corrupt"}};
  return d;
}

}  // namespace jaunt::test_support
