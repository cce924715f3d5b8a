// What the command line asks of the daemon of a home, as one line of JSON.
#pragma once

#include <optional>
#include <string>

#include "engine/teleport_request.hpp"

namespace jaunt::engine {

inline constexpr std::size_t kControlLineBytesMax = 64 * 1024;

struct ControlRequest {
  enum class Does {
    teleport,  // begin a job
    resume,    // go on with one that was interrupted
    follow,    // tell how one goes on
    hold,      // stop one so that it can be resumed
    cancel,    // give one up
    list,
    show,
  };

  Does does = Does::list;
  std::string job = {};                          // of all but teleport and list
  bool detached = false;                         // of teleport and resume: it is not followed
  bool finished = false;                         // of list: those that are over as well
  std::optional<TeleportRequest> teleport = {};  // of teleport
};

std::string to_json(const ControlRequest& request);
// Throws corrupt.
ControlRequest control_request_from_json(const std::string& line);

}  // namespace jaunt::engine
