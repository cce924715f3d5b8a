#include "engine/control_socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

namespace {

constexpr int kBacklog = 32;
constexpr std::size_t kGroupsMax = 4096;

base::Fd unix_socket() {
  base::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd)
    base::throw_errno(errno, "make", "a socket");
  return fd;
}

// Through an open folder, for an address has room for short names only.
sockaddr_un address_in(const base::Fd& folder) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = fmt::format("/proc/self/fd/{}/{}", folder.get(), kControlSocketName);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

std::optional<gid_t> group_named(const std::string& name) {
  std::array<char, 16 * 1024> buffer{};
  group entry{};
  group* found = nullptr;
  if (name.empty() || ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr)
    return std::nullopt;
  return found->gr_gid;
}

// A folder that the group can go through, and nothing more.
void open_to_group(const fs::path& home, gid_t group) {
  struct stat status {};
  if (::stat(home.c_str(), &status) != 0 || ::chown(home.c_str(), static_cast<uid_t>(-1), group) != 0 ||
      ::chmod(home.c_str(), (status.st_mode & 0707) | S_IXGRP) != 0)
    base::throw_errno(errno, "let the group reach", home.string());
}

}  // namespace

ControlSocket::ControlSocket(fs::path home, const std::string& group)
    : home_(std::move(home)),
      group_(::geteuid() == 0 ? group_named(group) : std::nullopt),
      listening_(unix_socket()) {
  const fs::path path = home_ / kControlSocketName;
  const base::File folder = base::File::open(home_, O_PATH | O_DIRECTORY);
  base::Fd through(::dup(folder.fd()));
  const sockaddr_un address = address_in(through);
  fs::remove(path);  // of a daemon that was killed
  // Nobody reaches it before it listens, and its mode and group are set by then.
  if (::bind(listening_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    base::throw_errno(errno, "listen at", path.string());
  if (group_) {
    if (::chown(path.c_str(), static_cast<uid_t>(-1), *group_) != 0)
      base::throw_errno(errno, "let the group use", path.string());
    open_to_group(home_, *group_);
  }
  if (::chmod(path.c_str(), group_ ? 0660 : 0600) != 0 || ::listen(listening_.get(), kBacklog) != 0)
    base::throw_errno(errno, "listen at", path.string());
}

ControlSocket::~ControlSocket() {
  std::error_code ignored;
  fs::remove(home_ / kControlSocketName, ignored);
}

std::optional<base::Fd> ControlSocket::accept() const {
  base::Fd connection(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  return connection ? std::optional(std::move(connection)) : std::nullopt;
}

ControlPeer ControlSocket::peer_of(const base::Fd& connection) const {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0)
    base::throw_errno(errno, "look at", "who asks");
  ControlPeer peer{.uid = who.uid, .owner = who.uid == 0 || who.uid == ::geteuid(), .member = false};
  if (group_) {
    std::vector<gid_t> groups(kGroupsMax);
    size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0)
      size = 0;
    groups.resize(size / sizeof(gid_t));
    groups.push_back(who.gid);
    peer.member = std::ranges::find(groups, *group_) != groups.end();
  }
  return peer;
}

std::optional<base::Fd> connect_control(const fs::path& home) {
  const base::Fd folder(::open(home.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder)
    return std::nullopt;
  base::Fd connection = unix_socket();
  const sockaddr_un address = address_in(folder);
  if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return connection;
  if (errno == EACCES)
    throw Error(ErrorKind::auth, "ask the daemon of", home.string(), "this user may not",
                "be root, or a member of the group that daemon.group names (libvirt by default)");
  if (errno == EAGAIN)
    throw Error(ErrorKind::busy, "ask the daemon of", home.string(), "too many do so at this moment", "try again");
  return std::nullopt;
}

}  // namespace jaunt::engine
