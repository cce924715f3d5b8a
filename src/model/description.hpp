// What a VM is made of. Plain values, filled by describe (the guest), hypervisor (the machine) and disk (the blocks);
// strings from the guest are kept as the guest has them and made printable where they are shown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/hash.hpp"
#include "base/units.hpp"
#include "model/extent.hpp"

namespace jaunt::model {

inline constexpr int kDescriptionVersion = 1;

// Something that could not be read, and why; a description with problems is still a description.
struct Problem {
  std::string subject;
  std::string cause;
  bool operator==(const Problem&) const = default;
};

struct Package {
  std::string name;
  std::string
      version;  // exactly as dpkg-query ${Version} or rpm EPOCH:VERSION-RELEASE (epoch only where there is one)
  std::string arch;
  bool operator==(const Package&) const = default;
};

// One line of where the guest gets packages from.
struct Repository {
  std::string format;  // "apt", "rpm"
  std::string uri;     // base URL, mirror list or metalink, as configured
  std::string suite;   // apt: the suite; rpm: the repository's id
  std::vector<std::string> components;
  bool enabled = true;
  std::string file;  // where it is configured
  bool operator==(const Repository&) const = default;
};

// A place where people put data, outside of what packages own.
struct UserData {
  std::string path;
  base::ByteCount bytes;
  std::uint64_t files = 0;
  bool operator==(const UserData&) const = default;
};

struct OperatingSystem {
  std::string root_device;
  std::string type;     // "linux", "windows", ...
  std::string distro;   // "debian", "fedora", ...
  std::string product;  // "Debian GNU/Linux 12 (bookworm)"
  int major_version = 0;
  int minor_version = 0;
  std::string arch;
  std::string hostname;
  std::string init;               // "systemd", "sysvinit", "openrc", "upstart", "" when unknown
  std::string package_format;     // "deb", "rpm", ...
  std::vector<Package> packages;  // sorted by name, then arch, then version
  std::vector<Repository> repositories;
  std::vector<UserData> user_data;  // largest first
  bool operator==(const OperatingSystem&) const = default;
};

// Whether a filesystem's free lists may be believed.
enum class FilesystemState {
  clean,    // fully understood and cleanly closed: what it lists as free is free
  dirty,    // its journal needs replay, or it has orphans, or it says so itself
  in_use,   // the guest runs: never clean, even when frozen
  unknown,  // no reader that proves anything
};

struct Filesystem {
  std::string device;  // as the appliance names it: "/dev/sda1", "/dev/vg/root"
  std::string type;    // "ext4", "xfs", "swap", "crypto_LUKS", ...
  std::string label;
  std::string uuid;
  std::vector<std::string> mount_points;
  base::ByteCount size;
  std::optional<base::ByteCount> used;  // absent where it is not known
  std::optional<base::ByteCount> free;
  FilesystemState state = FilesystemState::unknown;
  std::string state_reason;  // why it is not clean, for people
  bool opaque = false;       // bytes that nobody here can look into: LUKS, unknown content
  base::ByteCount elidable;  // whole blocks that are proven to be free
  bool operator==(const Filesystem&) const = default;
};

struct Partition {
  std::string device;
  int disk = 0;  // index into Description::disks
  Extent extent;
  std::string type;  // MBR id "0x83" or GPT type GUID
  std::string label;
  bool operator==(const Partition&) const = default;
};

struct PartitionTable {
  int disk = 0;
  std::string type;  // "msdos", "gpt", "unknown"
  std::vector<Partition> partitions;
  bool operator==(const PartitionTable&) const = default;
};

// An LVM logical volume.
struct LogicalVolume {
  std::string group;
  std::string name;
  std::string uuid;
  base::ByteCount size;
  bool operator==(const LogicalVolume&) const = default;
};

// What tells that a file is the same as when it was last read.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  bool operator==(const FileIdentity&) const = default;
};

// One file of a backing chain, the top one first.
struct Layer {
  std::string path;
  std::string format;
  base::ByteCount virtual_size;
  base::ByteCount allocated;  // on this host's disk
  FileIdentity identity;
  bool operator==(const Layer&) const = default;
};

enum class DiskRole { disk, cdrom, floppy, seed };

struct Disk {
  std::string target;  // "vda"; for a bare image "disk0"
  DiskRole role = DiskRole::disk;
  std::string source;       // path, pool/volume or URI
  std::string source_type;  // "file", "block", "volume", "network", "none"
  std::string format;
  bool read_only = false;
  bool shareable = false;
  base::ByteCount size;  // as the guest sees it
  std::vector<Layer> layers;
  // From the block tree; absent until the disk was scanned.
  std::optional<base::Hash32> root;
  std::optional<base::Hash32> carried_root;
  base::ByteCount nonzero;  // bytes of non-zero blocks
  base::ByteCount needed;   // of these, what must be carried
  bool operator==(const Disk&) const = default;
};

struct NetworkInterface {
  std::string mac;
  std::string model;
  std::string kind;    // "network", "bridge", "user", ...
  std::string source;  // the network's or bridge's name
  bool operator==(const NetworkInterface&) const = default;
};

struct Firmware {
  std::string kind;  // "bios", "uefi"
  std::string loader;
  std::string nvram;
  bool secure_boot = false;
  bool operator==(const Firmware&) const = default;
};

struct Snapshot {
  std::string name;
  std::string parent;
  std::string state;         // the domain's state then
  std::int64_t created = 0;  // seconds since 1970
  bool current = false;
  bool external = false;  // its disks or memory are files of their own, not inside the image
  bool operator==(const Snapshot&) const = default;
};

// The machine around the disks; absent for a bare image.
struct Hardware {
  std::string name;
  std::string uuid;
  std::string connection;  // libvirt URI
  std::string state;       // "running", "shut off", "paused", ...
  bool persistent = false;
  bool autostart = false;
  bool managed_save = false;
  std::string virtualization;  // "kvm", "qemu"
  std::string machine;
  std::string emulator;
  std::string arch;
  int vcpus = 0;
  base::ByteCount memory;
  std::string cpu_mode;
  std::string cpu_model;
  Firmware firmware;
  std::string tpm;  // "" or its model and backend, such as "tpm-crb emulator 2.0"
  std::vector<NetworkInterface> interfaces;
  std::vector<std::string> host_devices;
  std::vector<Snapshot> snapshots;
  std::vector<std::string> checkpoints;
  std::string domain_xml;  // the inactive definition where there is one
  bool operator==(const Hardware&) const = default;
};

struct Description {
  std::string subject;  // the VM's name or the image's path, as asked for
  std::optional<Hardware> hardware;
  std::vector<OperatingSystem> systems;
  std::vector<PartitionTable> partition_tables;
  std::vector<LogicalVolume> logical_volumes;
  std::vector<Filesystem> filesystems;
  std::vector<Disk> disks;
  std::vector<Problem> problems;
  bool operator==(const Description&) const = default;
};

}  // namespace jaunt::model
