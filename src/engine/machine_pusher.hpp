// The job behind `jaunt teleport --push`: a machine of this node is made to exist at another, which this one dials.
#pragma once

#include <optional>
#include <string>

#include "engine/describe_job.hpp"
#include "transport/messages.hpp"

namespace jaunt::engine {

struct PushOptions {
  std::string node;  // the name of a peer, or its address
  transport::AskReceive wish;
  std::optional<base::ByteCount> limit = {};  // of the link, a second, in either direction
};

// Answers that node's questions about this machine, and no others, until it is there. Returns its summary
// (docs/teleport.md, as JSON). Throws what stands in the way at either side, and Interrupted with that node's job;
// what was placed there stays, and the same push goes on with it.
std::string push_machine(const PushOptions& options, const Workplace& workplace);

}  // namespace jaunt::engine
