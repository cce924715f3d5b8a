// Ctrl-C.
#pragma once

#include "base/error.hpp"

namespace jaunt::cli {

// Makes SIGINT, SIGTERM and SIGHUP raise the token, which this returns; the second one ends the process at once with
// code 130. Called once, by main.
base::CancelToken catch_interrupts();

// The token of catch_interrupts.
base::CancelToken interrupted();

// Whether it was Ctrl-C that raised it, and not a terminal that went away or somebody who ends processes.
bool interrupted_by_hand();

}  // namespace jaunt::cli
