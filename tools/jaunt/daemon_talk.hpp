// What commands say to the daemon of a home, where one runs.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/control_client.hpp"
#include "invocation.hpp"

namespace jaunt::cli {

// Whether this user works on the home by himself; whoever does not may do so through the daemon alone.
bool owns_home(const std::filesystem::path& home);

// The lines of its answer. Throws what it refuses.
std::vector<std::string> ask_daemon(engine::ControlClient daemon, const engine::ControlRequest& request);

// Hands each to the daemon, follows them to their ends unless --detach is given, and returns the exit code. Ctrl-C
// stops them, so that they can be resumed.
int hand_over(const std::vector<std::string>& subjects, const Invocation& invocation,
              const std::function<engine::ControlRequest(const std::string& subject)>& request_of);

}  // namespace jaunt::cli
