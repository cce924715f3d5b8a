// What a teleport tells at its end, for scripts and for the daemon.
#pragma once

#include <string>

#include "base/error.hpp"
#include "engine/job.hpp"
#include "engine/teleport_job.hpp"

namespace jaunt::engine {

// One line each, of JSON: "type": "summary" (docs/teleport.md), "error", "job".
std::string to_json(const TeleportSummary& summary);
std::string to_json(const base::Error& error);
std::string to_json(const ListedJob& job);
// With the history and, where there is one, the receipt.
std::string to_json(const ShownJob& job);

// What to_json() made of it; an error of kind io where it is something else.
base::Error error_from_json(const std::string& line);

// What a person learns from a record; empty for those that say nothing.
std::string told(const Record& record);

}  // namespace jaunt::engine
