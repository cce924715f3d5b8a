// The socket of a home by which the command line speaks with the daemon there.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <sys/types.h>

#include "base/file.hpp"

namespace jaunt::engine {

inline constexpr const char* kControlSocketName = "control.sock";

// Who is at the other end, as the kernel says it.
struct ControlPeer {
  uid_t uid = 0;
  bool owner = false;   // root, or whom the daemon runs as
  bool member = false;  // of the group that may use it
};

// Listens at HOME/control.sock, and nowhere any more once it is destroyed. One daemon at a time: the caller holds the
// home's lock for daemons.
class ControlSocket {
 public:
  // Where this process is root and the group exists, its members may reach the socket; otherwise the owner alone.
  ControlSocket(std::filesystem::path home, const std::string& group);
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  int fd() const { return listening_.get(); }
  // nullopt when nobody waits.
  std::optional<base::Fd> accept() const;
  ControlPeer peer_of(const base::Fd& connection) const;

 private:
  std::filesystem::path home_;
  std::optional<gid_t> group_;
  base::Fd listening_;
};

// nullopt where nobody listens. Throws auth where this user may not speak with the daemon.
std::optional<base::Fd> connect_control(const std::filesystem::path& home);

}  // namespace jaunt::engine
