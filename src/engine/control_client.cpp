#include "engine/control_client.hpp"

#include <array>
#include <cerrno>

#include <poll.h>
#include <sys/socket.h>

namespace jaunt::engine {

namespace {

constexpr int kLookMilliseconds = 200;  // for an interruption
constexpr int kSendMilliseconds = 10'000;

bool wait_for(int fd, short events, int milliseconds) {
  pollfd one{.fd = fd, .events = events, .revents = 0};
  return ::poll(&one, 1, milliseconds) > 0;
}

}  // namespace

std::optional<ControlClient> ControlClient::find(const std::filesystem::path& home) {
  auto fd = connect_control(home);
  return fd ? std::optional(ControlClient(std::move(*fd))) : std::nullopt;
}

void ControlClient::ask(const ControlRequest& request) {
  const std::string line = to_json(request) + "\n";
  for (std::size_t at = 0; at < line.size();) {
    const auto sent = ::send(fd_.get(), line.data() + at, line.size() - at, MSG_NOSIGNAL);
    if (sent > 0)
      at += static_cast<std::size_t>(sent);
    else if (errno == EPIPE || errno == ECONNRESET)
      return;  // why shows in what it has said
    else if (errno != EINTR && (errno != EAGAIN || !wait_for(fd_.get(), POLLOUT, kSendMilliseconds)))
      base::throw_errno(errno, "ask", "the daemon");
  }
}

std::optional<std::string> ControlClient::receive(const base::CancelToken& cancel) {
  std::array<char, 16 * 1024> buffer;
  while (true) {
    if (auto line = lines_.next())
      return line;
    cancel.check();
    if (!wait_for(fd_.get(), POLLIN, kLookMilliseconds))
      continue;
    const auto got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
      continue;
    if (got <= 0 || !lines_.add({buffer.data(), static_cast<std::size_t>(got)}))
      return std::nullopt;
  }
}

}  // namespace jaunt::engine
