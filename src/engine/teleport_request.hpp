// What a teleport was asked for, as its journal keeps it.
#pragma once

#include <string>

#include "engine/teleport_job.hpp"

namespace jaunt::engine {

struct TeleportRequest {
  RemoteMachine subject;
  TeleportOptions options;
};

std::string to_json(const TeleportRequest& request);
// Throws corrupt.
TeleportRequest teleport_request_from_json(const std::string& text);

}  // namespace jaunt::engine
