// Disks that nobody writes to, read where they lie.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chunkstore/catalog.hpp"
#include "disk/chain.hpp"
#include "engine/describe_job.hpp"
#include "model/description.hpp"

namespace jaunt::engine {

// A disk of the description with its vetted files.
struct StillDisk {
  std::size_t index = 0;  // into Description::disks
  disk::Chain chain;
};

// The disks whose content is the guest's own: no floppies or empty drives; CD-ROMs and seeds, which it cannot write
// to, where `media` says so. Their layers and sizes are filled in. Ones that cannot be opened become problems.
std::vector<StillDisk> open_disks(model::Description& description, const disk::Policy& policy, bool media = false);

// A key that changes with the disks' bytes, with how they are put together, and with this program; empty where some
// file may change without being noticed.
std::string content_key(const model::Description& description, const std::vector<StillDisk>& disks, bool quick,
                        bool inside);

// Looks inside and, unless `quick`, reads the blocks, of which `read` is told. False when something could not be
// read, or changed meanwhile.
bool read_still(model::Description& description, const std::vector<StillDisk>& disks, const DescribeOptions& options,
                bool tcg, chunkstore::Catalog& catalog, const Workplace& workplace, std::vector<ReadDisk>& read,
                GuestFiles& files);

// The trees of disks whose description is known, and what of them is elided. nullopt where they do not fit it, for a
// file may have changed since.
std::optional<std::vector<ReadDisk>> read_known(const model::Description& description,
                                                const std::vector<StillDisk>& disks,
                                                const std::vector<model::ExtentSet>& elided,
                                                chunkstore::Catalog& catalog, const Workplace& workplace);

}  // namespace jaunt::engine
