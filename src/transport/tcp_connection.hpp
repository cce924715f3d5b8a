// One TCP connection: its socket, and the conduit whose bytes it moves.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include "base/error.hpp"
#include "transport/conduit.hpp"
#include "transport/network_core.hpp"

namespace jaunt::transport {

// Lives as long as its socket has anything to do. All but wake() only on the network's thread.
class TcpConnection : public std::enable_shared_from_this<TcpConnection> {
 public:
  // Told once: why it ended, or nullptr when everything was said.
  using Ended = std::function<void(const base::Error* why)>;

  TcpConnection(std::shared_ptr<NetworkCore> core, asio::ip::tcp::socket socket, Ended ended);
  ~TcpConnection();
  TcpConnection(const TcpConnection&) = delete;
  TcpConnection& operator=(const TcpConnection&) = delete;

  // The socket is connected. Makes what is spoken here.
  void start(const std::function<Conduit()>& make);
  void dial(const asio::ip::tcp::endpoint& to, std::function<Conduit()> make);

  void wake();  // any thread: there may be something to say
  void end(const base::Error& why);
  // Ends what need not be finished.
  void wind_up();

 private:
  using Step = void (TcpConnection::*)();
  void guarded(Step step);
  void pump();
  void read();
  void tick();
  void wait_readable();
  void wait_writable();
  void wait_until(asio::steady_timer& timer, Moment when, Step step);
  static std::uint64_t allowed(RateLimit& shared, RateLimit* own, std::uint64_t wanted, Moment now);
  void count(std::uint64_t sent, std::uint64_t received, bool kept_busy, Moment now);
  void finish(const base::Error* why);
  void drain();
  void close();

  const std::shared_ptr<NetworkCore> core_;
  asio::ip::tcp::socket socket_;
  asio::steady_timer tick_timer_;
  asio::steady_timer send_timer_;
  asio::steady_timer receive_timer_;
  std::optional<Conduit> conduit_;
  Ended ended_;
  Talk::Moved uncounted_;
  std::size_t drained_ = 0;
  bool waits_writable_ = false;
  bool waits_to_send_ = false;
  bool kept_busy_ = false;
  bool finished_ = false;
};

}  // namespace jaunt::transport
