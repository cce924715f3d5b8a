// A peer that says what a test wants it to say, over a real socket.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/bytes.hpp"
#include "base/file.hpp"
#include "transport/greeting.hpp"
#include "transport/network.hpp"
#include "transport/piece.hpp"
#include "transport/tls_stream.hpp"

namespace jaunt::test_support {

// A socket that blocks, for three seconds at most.
class RawSocket {
 public:
  explicit RawSocket(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{.tv_sec = 3, .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    REQUIRE(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  }
  void send(base::ByteView bytes) const {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0)
        return;
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
  }
  // Empty: the other side has closed; nullopt: it says nothing.
  std::optional<base::Bytes> receive() const {
    base::Bytes bytes(65536);
    const auto got = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
    if (got < 0)
      return errno == ECONNRESET ? std::optional<base::Bytes>(base::Bytes{}) : std::nullopt;
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
  }
  bool was_closed() const {
    for (;;) {
      const auto bytes = receive();
      if (!bytes || bytes->empty())
        return bytes.has_value();
    }
  }

 private:
  base::Fd fd_;
};

// Speaks TLS as a node with this key, and pieces as it is told.
class RawPeer {
 public:
  RawPeer(std::uint16_t port, const identity::NodeKey& key, transport::Purpose purpose = transport::Purpose::link)
      : socket_(port),
        stream_(
            transport::TlsStream::dial(transport::TlsTerms(key), purpose, [](const auto&, auto) { return true; })) {
    flush();
    while (!stream_.secured() && receive()) {
    }
    flush();
  }

  bool secured() const { return stream_.secured(); }
  void say(const base::Bytes& pieces) {
    stream_.write(pieces);
    flush();
  }
  void say(transport::PieceKind kind, base::ByteView body) {
    base::Bytes piece;
    append_piece(piece, kind, body);
    say(piece);
  }
  void greet(std::vector<std::string> features = {}) {
    say(transport::PieceKind::hello, encode(transport::Greeting{.credit = 1 << 25, .features = std::move(features)}));
  }

  // The body of the next piece of this kind; nullopt when the connection ends before.
  std::optional<base::Bytes> hear(transport::PieceKind kind) {
    std::optional<base::Bytes> body;
    hear_until([&](const transport::Piece& piece) {
      if (piece.kind == kind)
        body.emplace(piece.body.begin(), piece.body.end());
      return body.has_value();
    });
    return body;
  }
  // The kind of the next piece that is not of this one.
  std::optional<transport::PieceKind> hear_next_but(transport::PieceKind ignored) {
    std::optional<transport::PieceKind> next;
    hear_until([&](const transport::Piece& piece) {
      if (piece.kind != ignored)
        next = piece.kind;
      return next.has_value();
    });
    return next;
  }

 private:
  template <typename Wanted>
  void hear_until(const Wanted& wanted) {
    do
      while (const auto piece = reader_.next())
        if (wanted(*piece))
          return;
    while (receive());
  }
  void flush() {
    socket_.send(stream_.output());
    stream_.drop_output(stream_.output().size());
  }
  bool receive() {
    const auto bytes = socket_.receive();
    if (!bytes || bytes->empty())
      return false;
    base::Bytes plain;
    try {
      stream_.arrive(*bytes, plain);
    } catch (const base::Error&) {
      return false;
    }
    reader_.add(plain);
    return !stream_.peer_closed() || !plain.empty();
  }

  RawSocket socket_;
  transport::TlsStream stream_;
  transport::PieceReader reader_;
};

}  // namespace jaunt::test_support
