// The side that has the machine: describes it, answers for its disks' block trees, and sends their blocks.
#pragma once

#include "engine/describe_job.hpp"
#include "transport/link.hpp"

namespace jaunt::engine {

// Answers until the other node closes; reading, compressing and sending go on at the same time. What stands in the
// way of answering is thrown; the other node is told a refusal first.
void serve_machine(transport::Link& link, const Workplace& workplace);

}  // namespace jaunt::engine
