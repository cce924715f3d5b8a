// A plan as a screen for people.
#pragma once

#include <string>

#include "model/plan.hpp"
#include "terminal.hpp"

namespace jaunt::cli {

// What it costs comes first, then why. No line is wider than the terminal as far as words allow.
std::string screen(const model::Plan& plan, const Terminal& terminal);

}  // namespace jaunt::cli
