// What stands in the way of a machine here.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/config.hpp"
#include "model/blocker.hpp"
#include "model/description.hpp"

namespace jaunt::engine {

struct ArrivalPlace {
  std::optional<std::string> name;              // that it would have instead of its own
  bool same_machine = false;                    // it keeps its UUID
  std::optional<std::filesystem::path> folder;  // for its disks
  base::ByteCount space;                        // that they need
};

// Asks this host. Where its libvirt does not answer, that is a blocker.
std::vector<model::Blocker> blockers_here(const model::Description& description, const ArrivalPlace& place,
                                          const Config& config);

}  // namespace jaunt::engine
