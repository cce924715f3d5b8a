// The text part of a VMDK, as far as it names other files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"

namespace jaunt::disk {

// The files that QEMU would open as extents, in the descriptor's words; empty where the data lies in the file itself.
// Finds every extent that QEMU finds. Throws corrupt or limit.
std::vector<std::string> vmdk_extents(std::string_view descriptor);

// The descriptor of this VMDK where it names extents: the file itself, or embedded in a sparse file without a
// capacity of its own. Empty otherwise.
std::string vmdk_descriptor(const base::File& file);

}  // namespace jaunt::disk
