// Backing chains: the files that make up an image, each one vetted before anything is read through it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
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

// The layer below, in the header's own words.
struct BackingName {
  std::string name;
  std::optional<std::string> format;
  bool operator==(const BackingName&) const = default;
};

// What opening a layer takes beyond its description.
struct LayerParts {
  bool block_device = false;
  std::optional<BackingName> backing;
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

// What is known of a layer's header.
struct LayerHeader {
  base::ByteCount virtual_size;
  std::optional<BackingName> backing;
  std::vector<std::string> bitmaps;
};
// The header of a self-contained layer of this format, if the file is unchanged since it was read. Nobody may write
// to it meanwhile.
using RecallHeader = std::function<std::optional<LayerHeader>(const VettedFile&, const std::string& format)>;

// Reads the headers of a chain, one layer at a time and each in a fenced program, but for those that `recall` knows.
// A layer, data file or extent that leads outside of the policy, or is not a file's name at all, is an Error of kind
// auth that names it.
Chain resolve_chain(const ImageSource& source, const Policy& policy, const RecallHeader& recall = {});

}  // namespace jaunt::disk
