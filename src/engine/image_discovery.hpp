// Which images an entry of the catalog leads to.
#pragma once

#include <string>
#include <vector>

#include "chunkstore/image_record.hpp"
#include "disk/chain.hpp"

namespace jaunt::engine {

struct DiscoveredImage {
  disk::ImageSource source;
  std::string domain;    // empty for a mere file
  std::string target;    // "vda"
  std::string snapshot;  // whose state it is; empty for the disk as it is now
};

struct Discovery {
  std::vector<DiscoveredImage> images;
  std::vector<std::string> problems;  // what may be an image, and why it cannot be taken for one
};

inline constexpr std::size_t kFolderFilesMax = 200'000;

// All disks of all domains with those of their snapshots that lie in files of their own; or all files in and below a
// folder that are named like images; or the one image. Opens no image. Throws where the entry itself cannot be
// looked at.
Discovery discover(const chunkstore::EntryRecord& entry);

}  // namespace jaunt::engine
