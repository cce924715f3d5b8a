// What a teleport was asked for, as its journal keeps it.
#pragma once

#include <optional>
#include <string>

#include "engine/teleport_job.hpp"

namespace jaunt::engine {

// Who waits for the job's end.
enum class Waits { caller, follower, nobody };

struct TeleportRequest {
  RemoteMachine subject;  // nothing, where the options name a plan
  TeleportOptions options;
  Waits waits = Waits::caller;  // others: a daemon carries it out

  bool handed_over() const { return waits != Waits::caller; }
};

std::string to_json(const TeleportRequest& request);
// Throws corrupt.
TeleportRequest teleport_request_from_json(const std::string& text);

// nullopt where it cannot be read, such as that of another version.
std::optional<TeleportRequest> readable_request(const std::string& text);

// With what the plan says that it names, and a place for the disks of a domain: where images lie, if nothing else is
// said. Throws usage where something is still missing.
TeleportRequest completed(TeleportRequest request, const Home& home, const Config& config);

}  // namespace jaunt::engine
