// A description as a screen for people.
#pragma once

#include <string>

#include "model/description.hpp"
#include "terminal.hpp"

namespace jaunt::cli {

// Every line fits the terminal. `from_cache` is said at the end.
std::string screen(const model::Description& description, const Terminal& terminal, bool from_cache);

}  // namespace jaunt::cli
