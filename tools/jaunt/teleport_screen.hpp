// The end of a teleport as a person reads it.
#pragma once

#include <string>

#include "terminal.hpp"

namespace jaunt::cli {

// `summary` is the line of JSON that a script gets.
std::string teleport_screen(const std::string& summary, const Terminal& terminal);

}  // namespace jaunt::cli
