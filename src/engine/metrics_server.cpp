#include "engine/metrics_server.hpp"

#include <array>
#include <cerrno>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.hpp"

namespace jaunt::engine {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kVisitsMax = 16;
constexpr std::size_t kQuestionBytesMax = 8 * 1024;
constexpr auto kPatience = 5s;

std::string answer(const char* status, const std::string& body) {
  return fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
      status, body.size(), body);
}

}  // namespace

MetricsServer::MetricsServer(std::uint16_t port, std::function<std::string()> text)
    : text_(std::move(text)), listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  const std::string where = fmt::format("127.0.0.1:{} for metrics", port);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int again = 1;
  if (!listening_ || ::setsockopt(listening_.get(), SOL_SOCKET, SO_REUSEADDR, &again, sizeof again) != 0)
    base::throw_errno(errno, "listen at", where);
  if (::bind(listening_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listening_.get(), static_cast<int>(kVisitsMax)) != 0) {
    if (errno == EADDRINUSE)
      throw base::Error(base::ErrorKind::busy, "listen at", where, "another program has the port",
                        "name another one with daemon.metrics_port");
    base::throw_errno(errno, "listen at", where);
  }
}

void MetricsServer::watch(PollSet& set) {
  if (visits_.size() < kVisitsMax)
    set.watch(listening_.get(), POLLIN, [this](short) { welcome(); });
  for (Visit& visit : visits_)
    set.watch(visit.fd.get(), visit.out.empty() ? POLLIN : POLLOUT, [this, &visit](short) { serve(visit); });
}

void MetricsServer::tick(Clock::time_point now) {
  visits_.remove_if([&](const Visit& visit) { return visit.over || now - visit.begun > kPatience; });
}

void MetricsServer::welcome() {
  base::Fd fd(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (fd)
    visits_.emplace_back().fd = std::move(fd);
}

void MetricsServer::serve(Visit& visit) {
  if (visit.out.empty()) {
    std::array<char, 2048> buffer;
    const auto got = ::recv(visit.fd.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) {
      visit.over = got == 0 || (errno != EAGAIN && errno != EINTR);
      return;
    }
    visit.in.append(buffer.data(), static_cast<std::size_t>(got));
    if (visit.in.find("\r\n\r\n") != visit.in.npos)
      visit.out = visit.in.starts_with("GET /metrics ") ? answer("200 OK", text_())
                                                        : answer("404 Not Found", "try /metrics\n");
    else if (visit.in.size() > kQuestionBytesMax)
      visit.over = true;
    return;
  }
  const auto sent = ::send(visit.fd.get(), visit.out.data(), visit.out.size(), MSG_NOSIGNAL);
  if (sent > 0)
    visit.out.erase(0, static_cast<std::size_t>(sent));
  visit.over = visit.out.empty() || (sent < 0 && errno != EAGAIN && errno != EINTR);
}

}  // namespace jaunt::engine
