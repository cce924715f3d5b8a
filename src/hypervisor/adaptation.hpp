// A machine's definition made fit for this host. It may come from another node, so nothing in it is trusted: what is
// not known to touch only the guest is left out or replaced, and every change is told.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/host_ability.hpp"

namespace jaunt::hypervisor {

// Where one of the machine's disks or media lies here.
struct PlacedDisk {
  std::string target;  // "vda"
  std::string path;
  std::string format;
};

struct Arrangement {
  std::string name;           // that it gets here
  std::string uuid = {};      // that a copy gets; empty: libvirt's choice
  bool same_machine = false;  // it leaves its source: UUID, MAC addresses and ports stay. A copy gets new ones
  std::vector<PlacedDisk> disks = {};
  std::string nvram = {};  // where its firmware's variables lie here; empty: made from the firmware's template
  // What becomes of interfaces: "network:lab" to "bridge:br0". What is not named stays as it is.
  std::map<std::string, std::string> networks = {};
  // Of this host, that a definition may name: kernels and initial ramdisks. Others are left out.
  std::vector<std::string> host_files = {};
};

struct DefinitionChange {
  std::string what;  // "machine type", "disk vda", "interface 1", ...
  std::string from;
  std::string to;  // empty: left out
  bool operator==(const DefinitionChange&) const = default;
};

struct Adaptation {
  std::string xml;
  std::vector<DefinitionChange> changes;
};

// Throws usage where a disk has no place in the arrangement and cannot be left out; unsupported where the machine
// needs what cannot be carried; corrupt or limit where the definition is none. Left out without a word is only what
// libvirt fills in by itself at every start.
Adaptation adapt(std::string_view domain_xml, const model::GuestAbility& ability, const Arrangement& arrangement);

}  // namespace jaunt::hypervisor
