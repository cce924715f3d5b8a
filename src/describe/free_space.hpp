// What a filesystem's own records prove about its free space.
#pragma once

#include <optional>
#include <string>

#include "base/units.hpp"
#include "model/description.hpp"
#include "model/extent.hpp"

namespace jaunt::describe {

struct FreeSpace {
  model::FilesystemState state = model::FilesystemState::unknown;
  std::string reason;  // why it is not clean
  base::ByteCount size;
  std::optional<base::ByteCount> free;
  model::ExtentSet elidable;  // relative to the filesystem's start; empty unless clean
};

}  // namespace jaunt::describe
