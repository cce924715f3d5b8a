// libvirt's side of a backup: begin, find, end the job of one domain.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hypervisor/domain.hpp"
#include "hypervisor/scratch.hpp"

namespace jaunt::hypervisor {

// The job that keeps the domain from being backed up, in words: "a backup by another tool", "a migration", "a block
// copy of vda".
std::optional<std::string> job_in_the_way(const Domain& domain, const std::vector<std::string>& targets);

// Begins the job for these disks, all others left out.
void begin_job(const Domain& domain, const std::vector<std::string>& targets,
               const std::vector<std::string>& left_out, const ScratchFolder& folder);

enum class JobState {
  ours,
  gone,     // no backup job, or somebody else's
  stopped,  // the domain does not run any more
  unknown,  // libvirt does not answer
};

// Whether the domain's backup job is the one that serves this socket.
JobState state_of_job(const Domain& domain, const std::filesystem::path& socket);

// Ends the job that serves this socket and waits until it is gone; nothing to do when it is gone already.
void end_job(const Domain& domain, const std::filesystem::path& socket);

}  // namespace jaunt::hypervisor
