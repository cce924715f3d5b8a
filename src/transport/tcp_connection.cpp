#include "transport/tcp_connection.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <asio/post.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace jaunt::transport {

using base::Error;
using base::ErrorKind;

namespace {

constexpr std::size_t kReadBytes = 64UL * 1024;
constexpr int kReadsAtOnce = 8;
constexpr int kWritesAtOnce = 16;
constexpr int kUnsentBytes = 128 * 1024;  // kept short, so that what is urgent waits behind little
constexpr std::size_t kDrainBytesMax = 1024UL * 1024;
constexpr std::chrono::milliseconds kDrainTime{1'000};

void set_option(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof value);  // each only makes things better
}

Error lost(int error_number) {
  return Error(ErrorKind::peer, "reach", "the other node", std::strerror(error_number));
}

}  // namespace

TcpConnection::TcpConnection(std::shared_ptr<NetworkCore> core, asio::ip::tcp::socket socket, Ended ended)
    : core_(std::move(core)),
      socket_(std::move(socket)),
      tick_timer_(core_->io),
      send_timer_(core_->io),
      receive_timer_(core_->io),
      ended_(std::move(ended)) {
  core_->connections.insert(this);
}

TcpConnection::~TcpConnection() {
  core_->connections.erase(this);
}

void TcpConnection::start(const std::function<Conduit()>& make) {
  std::error_code ignored;
  socket_.non_blocking(true, ignored);
  const int fd = socket_.native_handle();
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentBytes);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(core_->patience.silence.count()));
  conduit_.emplace(make());
  conduit_->talk().on_wish_to_say([weak = weak_from_this()] {
    if (const auto self = weak.lock())
      self->wake();
  });
  wait_readable();
  guarded(&TcpConnection::tick);
}

void TcpConnection::dial(const asio::ip::tcp::endpoint& to, std::function<Conduit()> make) {
  tick_timer_.expires_after(core_->patience.connect);
  tick_timer_.async_wait([self = shared_from_this()](const std::error_code& stopped) {
    if (!stopped && !self->conduit_)
      self->end(lost(ETIMEDOUT));
  });
  socket_.async_connect(to, [self = shared_from_this(), make = std::move(make)](const std::error_code& failure) {
    if (self->finished_)
      return;
    self->tick_timer_.cancel();
    if (failure)
      return self->end(lost(failure.value()));
    self->start(make);
  });
}

// Runs a step of a connection that still lives; what it throws ends the connection.
void TcpConnection::guarded(Step step) {
  if (finished_)
    return;
  try {
    (this->*step)();
  } catch (const Error& failure) {
    end(failure);
  }
}

void TcpConnection::wake() {
  asio::post(core_->io, [self = shared_from_this()] { self->guarded(&TcpConnection::pump); });
}

std::uint64_t TcpConnection::allowed(RateLimit& shared, RateLimit* own, std::uint64_t wanted, Moment now) {
  const std::uint64_t by_all = shared.allowed(now, wanted);
  return own == nullptr ? by_all : own->allowed(now, by_all);
}

void TcpConnection::count(std::uint64_t sent, std::uint64_t received, bool kept_busy, Moment now) {
  uncounted_.sent += sent;
  uncounted_.received += received;
  uncounted_.kept_busy = kept_busy;
  if (conduit_->talk().count(uncounted_, now))
    uncounted_ = {};
}

void TcpConnection::pump() {
  if (!conduit_ || waits_writable_ || waits_to_send_)
    return;
  for (int i = 0; i < kWritesAtOnce; ++i) {
    const Moment now = Clock::now();
    const base::ByteView out = conduit_->output(now);
    if (out.empty()) {
      kept_busy_ = false;
      if (conduit_->over())
        finish(conduit_->talk().refusal());
      return;
    }
    RateLimit* const own = conduit_->talk().sending_limit();
    const std::uint64_t length = allowed(core_->sending, own, out.size(), now);
    if (length == 0) {
      kept_busy_ = true;
      waits_to_send_ = true;
      const Moment when = std::max(core_->sending.when(now), own == nullptr ? now : own->when(now));
      return wait_until(send_timer_, when, &TcpConnection::pump);
    }
    const auto sent = ::send(socket_.native_handle(), out.data(), length, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
      kept_busy_ = true;
      return wait_writable();
    }
    if (sent < 0)
      throw lost(errno);
    const auto bytes = static_cast<std::uint64_t>(sent);
    core_->sending.moved(bytes);
    if (own != nullptr)
      own->moved(bytes);
    count(bytes, 0, kept_busy_, now);
    conduit_->sent(bytes);
    if (bytes < length)
      kept_busy_ = true;
  }
  wake();  // others come first now
}

void TcpConnection::read() {
  std::array<std::byte, kReadBytes> buffer;  // NOLINT: filled by recv
  for (int i = 0; i < kReadsAtOnce; ++i) {
    const Moment now = Clock::now();
    RateLimit* const own = conduit_->talk().receiving_limit();
    const std::uint64_t length = allowed(core_->receiving, own, buffer.size(), now);
    if (length == 0) {
      const Moment when = std::max(core_->receiving.when(now), own == nullptr ? now : own->when(now));
      return wait_until(receive_timer_, when, &TcpConnection::read);
    }
    const auto got = ::recv(socket_.native_handle(), buffer.data(), length, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
      break;
    if (got < 0)
      throw lost(errno);
    if (got == 0) {
      conduit_->arrive_end();
      return finish(nullptr);
    }
    const auto bytes = static_cast<std::size_t>(got);
    core_->receiving.moved(bytes);
    if (own != nullptr)
      own->moved(bytes);
    conduit_->arrive(base::ByteView(buffer).first(bytes), now);
    count(0, bytes, kept_busy_, now);
    pump();
    if (finished_)
      return;
    if (bytes < length)
      break;
  }
  wait_readable();
}

void TcpConnection::tick() {
  core_->look_at_timetable();
  conduit_->tick(Clock::now());
  pump();
  if (!finished_)
    wait_until(tick_timer_, Clock::now() + core_->patience.tick, &TcpConnection::tick);
}

void TcpConnection::wait_readable() {
  socket_.async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](const std::error_code& stopped) {
    if (stopped)
      return;
    if (self->finished_)
      self->drain();
    else
      self->guarded(&TcpConnection::read);
  });
}

void TcpConnection::wait_writable() {
  waits_writable_ = true;
  socket_.async_wait(asio::ip::tcp::socket::wait_write, [self = shared_from_this()](const std::error_code& stopped) {
    self->waits_writable_ = false;
    if (!stopped)
      self->guarded(&TcpConnection::pump);
  });
}

void TcpConnection::wait_until(asio::steady_timer& timer, Moment when, Step step) {
  timer.expires_at(when);
  timer.async_wait([self = shared_from_this(), step, &timer](const std::error_code& stopped) {
    if (&timer == &self->send_timer_)
      self->waits_to_send_ = false;
    if (!stopped)
      self->guarded(step);
  });
}

void TcpConnection::end(const Error& why) {
  if (finished_)
    return;
  if (conduit_)
    if (const base::ByteView words = conduit_->last_words(); !words.empty())
      count(static_cast<std::uint64_t>(
                std::max<ssize_t>(::send(socket_.native_handle(), words.data(), words.size(), MSG_NOSIGNAL), 0)),
            0, false, Clock::now());
  finish(&why);
}

void TcpConnection::wind_up() {
  if (!finished_ && !(conduit_ && conduit_->talk().is_leaving()))
    end(Error(ErrorKind::peer, "talk to", "the other node", "this node ends its connections"));
}

// What is still under way to this side is read and dropped: closed with unread bytes, a socket would take back what
// it has just sent.
void TcpConnection::finish(const Error* why) {
  if (std::exchange(finished_, true))
    return;
  tick_timer_.cancel();
  send_timer_.cancel();
  receive_timer_.cancel();
  if (conduit_)
    conduit_->talk().lost(why != nullptr ? *why : Error(ErrorKind::peer, "talk to", "the other node", "it is over"));
  std::exchange(ended_, nullptr)(why);
  if (!conduit_ || ::shutdown(socket_.native_handle(), SHUT_WR) != 0)
    return close();
  tick_timer_.expires_after(kDrainTime);
  tick_timer_.async_wait([self = shared_from_this()](const std::error_code& stopped) {
    if (!stopped)
      self->close();
  });
  wait_readable();
}

void TcpConnection::drain() {
  std::array<std::byte, kReadBytes> buffer;  // NOLINT: filled by recv
  const auto got = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), 0);
  if (got > 0)
    drained_ += static_cast<std::size_t>(got);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR) || drained_ > kDrainBytesMax)
    return close();
  wait_readable();
}

void TcpConnection::close() {
  std::error_code ignored;
  tick_timer_.cancel();
  socket_.close(ignored);
}

}  // namespace jaunt::transport
