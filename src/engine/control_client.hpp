// The command line's end of the control socket.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "engine/control_request.hpp"
#include "engine/control_socket.hpp"
#include "engine/line_buffer.hpp"

namespace jaunt::engine {

// One conversation. One thread.
class ControlClient {
 public:
  // nullopt where no daemon runs in this home. Throws as connect_control().
  static std::optional<ControlClient> find(const std::filesystem::path& home);

  void ask(const ControlRequest& request);
  // The next line; nullopt when the daemon ends the conversation.
  std::optional<std::string> receive(const base::CancelToken& cancel);

 private:
  explicit ControlClient(base::Fd fd) : fd_(std::move(fd)) {}

  base::Fd fd_;
  LineBuffer lines_{8 * base::kMiB};
};

}  // namespace jaunt::engine
