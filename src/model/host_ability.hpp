// What a host can run and hold, as far as it decides whether a given VM can come to it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.hpp"

namespace jaunt::model {

// One way of running guests: an emulator, what it emulates, and how.
struct GuestAbility {
  std::string arch;                     // "x86_64"
  std::string virtualization;           // "kvm", "qemu"
  std::string emulator;                 // its path on the host
  std::vector<std::string> machines;    // names and aliases: "pc-q35-7.2", "q35"
  std::vector<std::string> cpu_models;  // that it can give to a guest here
  int vcpus_max = 0;                    // 0: not known
  std::vector<std::string> loaders;     // firmware images: "/usr/share/OVMF/OVMF_CODE_4M.fd"
  bool secure_boot = false;             // some loader has it
  bool tpm_emulator = false;
  bool operator==(const GuestAbility&) const = default;
};

// "pc-q35-7.2" is a version of "q35", "pc-i440fx-7.2" of "pc".
inline std::string machine_family(std::string_view machine) {
  if (machine.starts_with("pc-q35"))
    return "q35";
  if (machine.starts_with("pc-i440fx"))
    return "pc";
  return std::string(machine.substr(0, machine.find_last_not_of("0123456789.-") + 1));
}

// A domain that is defined or running already.
struct KnownDomain {
  std::string name;
  std::string uuid;
  bool operator==(const KnownDomain&) const = default;
};

// A folder or pool that the target's disks would lie in.
struct TargetFolder {
  std::string path;
  bool writable = false;
  base::ByteCount free;
  bool operator==(const TargetFolder&) const = default;
};

struct HostAbility {
  std::string name;        // how messages call it
  std::string connection;  // libvirt URI; empty where there is no libvirt
  std::vector<GuestAbility> guests;
  std::string cpu_model;                  // of the host
  std::vector<std::string> cpu_features;  // sorted; empty: not known
  // What the hypervisor said when it was asked about this very guest's CPU; absent when it was not asked.
  std::optional<bool> cpu_accepted;
  int cpus = 0;                       // 0: not known
  base::ByteCount memory;             // zero: not known
  base::ByteCount memory_available;   // without swapping out; zero: not known
  std::vector<std::string> networks;  // active ones of libvirt
  std::vector<std::string> bridges;
  std::vector<std::string> pools;  // active ones
  std::vector<KnownDomain> domains;
  std::vector<std::string> missing_files;  // of those that the definition names beside disks: kernel, initrd, ...
  std::optional<TargetFolder> folder;
  bool operator==(const HostAbility&) const = default;
};

}  // namespace jaunt::model
