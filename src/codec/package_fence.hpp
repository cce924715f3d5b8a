// The fence that a program puts around itself before it eats a package.
#pragma once

#include <chrono>

#include "base/units.hpp"

namespace jaunt::codec {

struct UnpackBounds {
  base::ByteCount output_max{4 * base::kGiB};
  std::chrono::seconds processor_time{300};
  base::ByteCount memory_max{768 * base::kMiB};  // of address space
};

// For good, of the calling process, which becomes nobody: no files but those that are open, no capability, no calls but
// those that read and write them, and for memory. Throws where the kernel does not do that.
void fence_unpacking(const UnpackBounds& bounds);

}  // namespace jaunt::codec
