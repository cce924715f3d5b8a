// The fence around the appliance's hypervisor.
#pragma once

#include <filesystem>
#include <string>

#include "base/units.hpp"

namespace jaunt::describe {

struct HypervisorFence {
  std::filesystem::path program;       // jaunt-confine; empty: the one that belongs to this program
  std::string hypervisor;              // the real one
  std::filesystem::path folder;        // of this run: its sockets, overlays and process id
  std::filesystem::path cache_folder;  // the appliance's kernel and disk
  bool kvm = false;
  base::ByteCount memory_max;
};

// Writes the program that libguestfs takes for its hypervisor: it fences itself and then becomes the real one.
// Returns its path. Throws when jaunt-confine is not found.
std::filesystem::path write_hypervisor_script(const HypervisorFence& fence);

}  // namespace jaunt::describe
