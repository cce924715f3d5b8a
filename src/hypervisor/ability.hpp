// What this host can run and hold, asked of its libvirt for one guest.
#pragma once

#include <filesystem>
#include <string>

#include "hypervisor/ability_xml.hpp"
#include "hypervisor/connection.hpp"
#include "model/host_ability.hpp"

namespace jaunt::hypervisor {

// Everything that judging needs to know of the host. What libvirt does not tell stays unknown. `arch` is the guest's.
model::HostAbility ability_of(const Connection& connection, const std::string& arch, const Demands& demands);

// Where there is no libvirt: processors and memory as the kernel tells them.
model::HostAbility ability_without_libvirt();

// The folder, or its nearest parent that exists.
model::TargetFolder target_folder(const std::filesystem::path& path);

// This host's name.
std::string host_name();

}  // namespace jaunt::hypervisor
