// The appliance's findings as part of a description.
#pragma once

#include <cstddef>
#include <vector>

#include "disk/nbd_image.hpp"
#include "engine/describe_job.hpp"
#include "engine/guest_files.hpp"
#include "model/description.hpp"
#include "model/tree_writer.hpp"

namespace jaunt::engine {

struct InspectedDisk {
  std::size_t index = 0;  // into Description::disks
  disk::NbdAddress address;
};

struct InspectionOptions {
  bool tcg = false;     // KVM is known not to work here
  bool in_use = false;  // the guest runs, so nothing is elided
};

struct Inspection {
  std::vector<model::ExtentSet> elidable;  // of each inspected disk
  GuestFiles files;                        // disks as in the description
  bool whole = true;                       // false when the appliance could not be used
};

// Looks into the guest's disks and adds what is found to the description.
Inspection inspect(model::Description& description, const std::vector<InspectedDisk>& disks,
                   const InspectionOptions& options, const Workplace& workplace);

void fill_roots(model::Disk& disk, const model::TreeSummary& tree);

}  // namespace jaunt::engine
