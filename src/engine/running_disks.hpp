// Disks of a running domain, read as of one instant through libvirt's backup.
#pragma once

#include "engine/describe_job.hpp"
#include "engine/journal.hpp"
#include "engine/still_disks.hpp"
#include "hypervisor/domain.hpp"
#include "model/description.hpp"

namespace jaunt::engine {

// Takes an instant, looks inside and, unless quick, reads the blocks; once more when the instant is lost. The backup
// is ended on every way out, or with Described::held where that was asked for, and by the next start's recover() when
// this process is killed. What it found, and when that was so; incomplete when something could not be read. `disks`
// are those of which chains are known.
Described read_running(const model::Description& description, const hypervisor::Domain& domain,
                       const std::vector<StillDisk>& disks, const DescribeOptions& options, bool tcg,
                       const Workplace& workplace);

// For recover().
void abandon(const BackupBegun& backup);

}  // namespace jaunt::engine
