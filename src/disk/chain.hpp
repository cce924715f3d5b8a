// Backing chains: the files that make up an image, each one vetted before anything is read through it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/units.hpp"
#include "model/description.hpp"

namespace jaunt::disk {

inline constexpr std::size_t kChainDepthMax = 64;
inline constexpr base::ByteCount kVirtualSizeMax{1024 * base::kTiB};

// What may be read. Paths are compared after symbolic links and ".." are resolved.
struct Policy {
  std::vector<std::filesystem::path> folders;  // files within these, at any depth
  std::vector<std::filesystem::path> devices;  // block devices, each listed by itself
};

// An image as somebody names it. Without a format, a name whose header confirms it decides; a raw disk's content
// never does.
struct ImageSource {
  std::filesystem::path path;
  std::optional<std::string> format;
};

// A file that belongs to a layer, by its real path.
struct VettedFile {
  std::filesystem::path path;
  model::FileIdentity identity;
};

// What opening a layer takes beyond its description.
struct LayerParts {
  bool block_device = false;
  std::vector<VettedFile> extents;      // of a VMDK whose descriptor names other files
  std::optional<VettedFile> data_file;  // of a qcow2 that keeps its data elsewhere
  std::vector<std::string> bitmaps;     // persistent dirty bitmaps

  bool self_contained() const { return extents.empty() && !data_file; }
};

// A vetted backing chain, top first; never empty. A value: files are opened, and their identity checked again, when
// it is used.
struct Chain {
  std::vector<model::Layer> layers;
  std::vector<LayerParts> parts;  // of each layer

  const model::Layer& top() const { return layers.front(); }
  base::ByteCount size() const { return top().virtual_size; }
  bool single_raw() const { return layers.size() == 1 && top().format == "raw"; }
};

// Reads the headers of a chain, one layer at a time and each in a fenced program. A layer, data file or extent that
// leads outside of the policy, or is not a file's name at all, is an Error of kind auth that names it.
Chain resolve_chain(const ImageSource& source, const Policy& policy);

}  // namespace jaunt::disk
