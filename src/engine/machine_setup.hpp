// A machine whose disks are here becomes a domain of this host's libvirt.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "engine/config.hpp"
#include "hypervisor/adaptation.hpp"
#include "model/description.hpp"

namespace jaunt::engine {

// What a person wishes.
struct MachineWish {
  bool define = true;         // where the source has a machine and not only an image
  bool start = false;         // once it is defined
  bool same_machine = false;  // UUID and MAC addresses stay
};

struct MachineParts {
  model::Hardware hardware;  // at the source
  std::string name;          // that it gets here
  std::string uuid;
  std::vector<hypervisor::PlacedDisk> disks;
  base::Bytes firmware;                 // its variables; empty: it has none
  std::filesystem::path firmware_path;  // where they go
};

struct DefinedMachine {
  std::string connection;
  std::string name;
  std::string uuid;
  std::vector<hypervisor::DefinitionChange> changes;
  bool started = false;
};

// `repeated` tells that it was tried before: what is there of this name and UUID then is it. Its disks are where they
// shall stay.
DefinedMachine set_up_machine(const MachineParts& parts, const MachineWish& wish, bool repeated,
                              const Config& config);

// Random, as RFC 9562 has it.
std::string new_uuid();

}  // namespace jaunt::engine
