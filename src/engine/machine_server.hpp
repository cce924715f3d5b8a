// The side that has the machine: describes it, answers for its disks' block trees, and sends their blocks.
#pragma once

#include <functional>

#include "engine/describe_job.hpp"
#include "transport/link.hpp"
#include "transport/messages.hpp"

namespace jaunt::engine {

// Throws what speaks against answering a question.
using Admit = std::function<void(const transport::Body& question)>;

// Answers until the other node closes; reading, compressing and sending go on at the same time. What stands in the
// way of answering is thrown; the other node is told a refusal first.
void serve_machine(transport::Link& link, const Workplace& workplace, const Admit& admit);

}  // namespace jaunt::engine
