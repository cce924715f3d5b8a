// The part of the command table about teleports and jobs.
#pragma once

#include <vector>

#include "command_table.hpp"

namespace jaunt::cli {

std::vector<Command> job_commands();

}  // namespace jaunt::cli
