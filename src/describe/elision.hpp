// Decides which bytes of the guest's disks need not be carried.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "describe/free_space.hpp"
#include "describe/layout.hpp"
#include "describe/probe.hpp"
#include "describe/session.hpp"
#include "model/description.hpp"

namespace jaunt::describe {

using Probes = std::map<std::string, Probe, std::less<>>;

// Why nothing on this device may be elided, whatever its filesystem says: it holds several things at once, shares
// bytes with another device, or its place on the disks is not certain. Empty when there is no such reason.
std::string placement_doubt(const Layout& layout, const Probes& probes, const Device& device);

// Asks the filesystem's own tools. Must come before anything mounts a filesystem of the guest, which might replay
// journals. A report that makes no sense gives the state unknown with the reason; throws only where the appliance is
// lost, and Cancelled.
FreeSpace read_free_space(GuestSession& session, const Device& device, const std::string& type);

// The whole 4 KiB blocks of each disk that lie in `free`, ranges of the device's bytes; added to `per_disk`. Returns
// their bytes.
base::ByteCount add_elidable(const Device& device, const model::ExtentSet& free,
                             std::vector<model::ExtentSet>& per_disk);

}  // namespace jaunt::describe
