// The side of a plan that has the machine: describes it and answers for its disks' blocks.
#pragma once

#include "engine/describe_job.hpp"
#include "transport/link.hpp"

namespace jaunt::engine {

// Answers until the other node closes. What stands in the way of answering is thrown; the other node is told a
// refusal first.
void serve_plan(transport::Link& link, const Workplace& workplace);

}  // namespace jaunt::engine
