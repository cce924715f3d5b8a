// The operating systems of a guest: what they are, their packages, and where these come from.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "describe/session.hpp"
#include "model/description.hpp"

namespace jaunt::describe {

struct InspectedSystem {
  model::OperatingSystem system;
  std::map<std::string, std::string> mounts;  // mount point to device, as libguestfs names it
};

// Finds and reads every system. Mounts filesystems read-only, which may replay journals in the appliance's overlay;
// nothing stays mounted. Throws only where the appliance is lost, and Cancelled.
std::vector<InspectedSystem> inspect_systems(GuestSession& session, std::vector<model::Problem>& problems);

}  // namespace jaunt::describe
