// A way between two programs that a test cuts: bytes pass it unseen in both directions, until it is cut or so many
// have passed.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/file.hpp"

namespace jaunt::test_support {

class CutLink {
 public:
  explicit CutLink(int to) : to_(to) {
    listener_ = base::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = loopback(0);
    REQUIRE(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_.get(), 16) == 0);
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { carry(); });
  }
  ~CutLink() {
    over_ = true;
    thread_.join();
  }
  CutLink(const CutLink&) = delete;
  CutLink& operator=(const CutLink&) = delete;

  int port() const { return port_; }
  std::uint64_t passed() const { return passed_; }
  // Both sides lose what they have, and who comes is sent away, until it is mended.
  void cut() { cut_at_ = 0; }
  // The same when so many more bytes have passed.
  void cut_after(std::uint64_t bytes) { cut_at_ = passed_ + bytes; }
  bool is_cut() const { return passed_ >= cut_at_; }
  void mend() { cut_at_ = UINT64_MAX; }

 private:
  struct Way {
    base::Fd ends[2];
    std::vector<char> waiting[2];  // for each end
    bool open[2] = {true, true};   // whether it may still say something
  };

  static sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  void carry() {
    while (!over_) {
      if (is_cut())
        break_all();
      std::vector<pollfd> polled{{.fd = listener_.get(), .events = POLLIN, .revents = 0}};
      for (const Way& way : ways_)
        for (int end : {0, 1}) {
          const bool reads = way.open[end] && way.waiting[1 - end].empty();
          const int events = (reads ? POLLIN : 0) | (way.waiting[end].empty() ? 0 : POLLOUT);
          polled.push_back({.fd = events != 0 ? way.ends[end].get() : -1,  // or a dead one would wake it for ever
                            .events = static_cast<short>(events),
                            .revents = 0});
        }
      ::poll(polled.data(), polled.size(), 5);
      std::size_t next = 1;
      for (auto way = ways_.begin(); way != ways_.end();) {
        const bool lives = move(*way, 0, polled[next].revents) && move(*way, 1, polled[next + 1].revents);
        next += 2;
        way = lives && (way->open[0] || way->open[1]) ? std::next(way) : ways_.erase(way);
      }
      if ((polled[0].revents & POLLIN) != 0)
        welcome();
    }
  }

  void welcome() {
    Way way;
    way.ends[0] = base::Fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    way.ends[1] = base::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(to_);
    if (::connect(way.ends[1].get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
      ways_.push_back(std::move(way));
  }

  // What waits for an end, and what it says. False where the way has broken.
  bool move(Way& way, int end, short events) {
    if ((events & POLLOUT) != 0) {
      const auto sent =
          ::send(way.ends[end].get(), way.waiting[end].data(), way.waiting[end].size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0)
        return errno == EAGAIN;
      way.waiting[end].erase(way.waiting[end].begin(), way.waiting[end].begin() + sent);
    }
    if ((events & (POLLIN | POLLHUP | POLLERR)) == 0 || !way.waiting[1 - end].empty() || !way.open[end])
      return true;
    // No more than may pass, so that it is cut at that byte.
    std::array<char, 16384> buffer;
    const std::uint64_t room = cut_at_ > passed_ ? cut_at_ - passed_ : 0;
    const auto got =
        ::recv(way.ends[end].get(), buffer.data(), std::min<std::uint64_t>(buffer.size(), room), MSG_DONTWAIT);
    if (got < 0)
      return errno == EAGAIN;
    if (got == 0 && room > 0) {
      way.open[end] = false;
      ::shutdown(way.ends[1 - end].get(), SHUT_WR);
    }
    way.waiting[1 - end].assign(buffer.data(), buffer.data() + got);
    passed_ += static_cast<std::uint64_t>(got);
    return true;
  }

  // By resets, as a host does that knows of no connection.
  void break_all() {
    for (const Way& way : ways_)
      for (const base::Fd& end : way.ends) {
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(end.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      }
    ways_.clear();
  }

  const int to_;
  base::Fd listener_;
  int port_ = 0;
  std::list<Way> ways_;
  std::atomic<std::uint64_t> passed_ = 0;
  std::atomic<std::uint64_t> cut_at_ = UINT64_MAX;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

}  // namespace jaunt::test_support
