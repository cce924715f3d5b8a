// QEMU's view of a chain: every node and file named, nothing left to be guessed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "disk/chain.hpp"

namespace jaunt::disk {

// How many layers are opened, from `first` on; what lies below is cut off.
struct LayerRange {
  std::size_t first = 0;
  std::size_t count = 0;
};

// A "json:" file name for QEMU's programs. Read-only, no image locks, drivers fixed. Throws unsupported where a path
// is no valid UTF-8, which QEMU cannot be told.
std::string read_only_graph(const Chain& chain, LayerRange range);

// A writable qcow2 file on top of a whole read-only chain, or on nothing.
std::string writable_qcow2_graph(const std::filesystem::path& file, const Chain* backing);

// Every file of these layers, opened and found to be the vetted one.
std::vector<VettedFile> verified_files(const Chain& chain, LayerRange range);

}  // namespace jaunt::disk
