#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/file.hpp"
#include "base/process.hpp"
#include "identity/credentials.hpp"
#include "support/failure.hpp"
#include "support/raw_peer.hpp"
#include "support/two_nodes.hpp"
#include "transport/frame_flow.hpp"

using namespace jaunt;
using namespace jaunt::transport;
using namespace std::chrono_literals;
using base::ErrorKind;
using test_support::failure_of;
using test_support::kind_of_failure;
using test_support::RawPeer;
using test_support::RawSocket;
using test_support::TwoNodes;

namespace {

constexpr Patience kHurried{
    .connect = 1s, .handshake = 300ms, .ping = 200ms, .silence = 800ms, .farewell = 500ms, .tick = 50ms};

std::uint16_t port_of(const TwoNodes& nodes) {
  return nodes.listener->addresses().front().port;
}

// The others are served all the while.
void check_still_serves(TwoNodes& nodes) {
  const auto [near, far] = nodes.link();
  near->send(base::Bytes(10));
  CHECK(far->receive() == base::Bytes(10));
}

}  // namespace

TEST_CASE("Garbage instead of TLS ends the connection at once and is named in the log") {
  TwoNodes nodes;
  const RawSocket socket(port_of(nodes));
  socket.send(base::as_bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  CHECK(socket.was_closed());
  CHECK(nodes.log_has("refused 127.0.0.1:"));
  check_still_serves(nodes);
}

TEST_CASE("A program that speaks another protocol over TLS, or an older TLS, gets no answer") {
  TwoNodes nodes;
  const auto try_openssl = [&](std::vector<std::string> options) {
    std::vector<std::string> words{"openssl", "s_client", "-connect", fmt::format("127.0.0.1:{}", port_of(nodes))};
    words.insert(words.end(), options.begin(), options.end());
    return base::run({.argv = words, .environment = {}, .confinement = std::nullopt}, 20s,
                     base::ByteCount(base::kMiB));
  };
  try_openssl({"-tls1_2"});
  CHECK(nodes.log_has("it does not speak TLS 1.3"));
  try_openssl({"-tls1_3", "-alpn", "h2"});
  CHECK(nodes.log_has("it does not speak jaunt's protocol"));
  try_openssl({"-tls1_3", "-alpn", "jaunt/link", "-sigalgs", "ed25519", "-groups", "X25519"});
  CHECK(nodes.log_has("peer did not return a certificate"));
  check_still_serves(nodes);
}

TEST_CASE("A paired node that does not say what it wants is sent away") {
  TwoNodes nodes;
  const base::TemporaryDirectory folder;
  const auto own = identity::Credentials::of(nodes.destination_key);
  for (const auto& [name, der] : {std::pair("certificate", &own.certificate), std::pair("key", &own.private_key)})
    base::write_text_file(folder.path() / name, {reinterpret_cast<const char*>(der->data()), der->size()});
  base::run({.argv = {"openssl", "s_client", "-connect", fmt::format("127.0.0.1:{}", port_of(nodes)), "-certform",
                      "DER", "-cert", (folder.path() / "certificate").string(), "-keyform", "DER", "-key",
                      (folder.path() / "key").string()},
             .environment = {},
             .confinement = std::nullopt},
            20s, base::ByteCount(base::kMiB));
  CHECK(nodes.log_has("refused destination at 127.0.0.1"));
  CHECK(nodes.log_has("it does not speak jaunt's protocol"));
}

TEST_CASE("A connection that says nothing, or greets too slowly, is ended after the time that is given") {
  TwoNodes nodes(kHurried);
  const RawSocket silent(port_of(nodes));
  RawPeer slow(port_of(nodes), nodes.destination_key);
  CHECK(slow.secured());
  CHECK(silent.was_closed());
  CHECK(nodes.log_has("it took too long to show its key"));
  CHECK(slow.hear(PieceKind::hello) == std::nullopt);
  CHECK(nodes.log_has("it took too long to say hello"));
}

TEST_CASE("A handshake that comes byte by byte has no more time than any other") {
  TwoNodes nodes(kHurried);
  const auto began = Clock::now();
  const RawSocket loris(port_of(nodes));
  TlsStream stream =
      TlsStream::dial(TlsTerms(nodes.destination_key), Purpose::link, [](const auto&, auto) { return true; });
  for (std::size_t i = 0; i < stream.output().size() && Clock::now() - began < 2s; ++i) {
    loris.send(stream.output().subspan(i, 1));
    std::this_thread::sleep_for(20ms);
  }
  CHECK(loris.was_closed());
  CHECK(nodes.log_has("it took too long to show its key"));
}

TEST_CASE("Another version of the protocol is refused with a sentence on both sides") {
  TwoNodes nodes;
  RawPeer newer(port_of(nodes), nodes.destination_key);
  newer.say(PieceKind::hello, encode(Greeting{.version = 9, .features = {}}));
  const auto refusal = newer.hear(PieceKind::refusal);
  REQUIRE(refusal);
  CHECK(decode_refusal(*refusal).kind() == ErrorKind::unsupported);
  CHECK(nodes.log_has("it speaks version 9 of the protocol"));
}

TEST_CASE("A peer that breaks the rules of a link loses it and nothing else") {
  TwoNodes nodes;
  const auto break_with = [&](const std::function<void(RawPeer&)>& how) {
    RawPeer peer(port_of(nodes), nodes.destination_key);
    peer.greet();
    REQUIRE(peer.hear(PieceKind::hello));
    const auto link = nodes.listener->accept().link;
    how(peer);
    return kind_of_failure([&] { link->receive(); });
  };
  CHECK(break_with([](RawPeer& peer) { peer.greet(); }) == ErrorKind::corrupt);
  CHECK(break_with([](RawPeer& peer) { peer.say(PieceKind::inviter, base::Bytes(10)); }) == ErrorKind::corrupt);
  CHECK(break_with([](RawPeer& peer) { peer.say(PieceKind::pong, base::Bytes(8)); }) == ErrorKind::corrupt);
  CHECK(break_with([](RawPeer& peer) { peer.say(PieceKind::credit, base::Bytes(3)); }) == ErrorKind::corrupt);
  CHECK(break_with([](RawPeer& peer) { peer.say(base::Bytes(64, std::byte{0xFF})); }) == ErrorKind::corrupt);
  CHECK(break_with([](RawPeer& peer) {
          base::Bytes body(kPieceNumberBytes + kPartBytesMax);
          for (std::uint32_t number = 0; number < 2 * kCreditBytes / kPartBytesMax; ++number) {
            std::memcpy(body.data(), &number, sizeof number);
            peer.say(PieceKind::part, body);
          }
        }) == ErrorKind::limit);
  CHECK(nodes.log_has("lost destination at 127.0.0.1:"));
  check_still_serves(nodes);
}

TEST_CASE("A peer that falls silent is given up, and one that only has nothing to say is not") {
  TwoNodes nodes(kHurried);
  const auto [near, far] = nodes.link();
  RawPeer mute(port_of(nodes), nodes.destination_key);
  mute.greet();
  REQUIRE(mute.hear(PieceKind::hello));
  const auto link = nodes.listener->accept().link;
  CHECK(kind_of_failure([&] { link->receive(); }) == ErrorKind::peer);
  CHECK(nodes.log_has("it was silent for"));
  std::this_thread::sleep_for(1s);
  near->send(base::Bytes(1));
  CHECK(far->receive() == base::Bytes(1));
}

TEST_CASE("A visitor who asks nothing for too long is given up, one to whom an answer is owed is not") {
  Patience patience;
  patience.idle = 300ms;
  TwoNodes nodes(patience);
  const auto [near, far] = nodes.link();
  near->send(base::Bytes(1));
  CHECK(far->receive() == base::Bytes(1));
  std::thread answerer([&link = far] {
    std::this_thread::sleep_for(800ms);
    link->send(base::Bytes(2));
  });
  const auto began = Clock::now();
  CHECK(kind_of_failure([&link = far] { link->receive(); }) == ErrorKind::peer);
  CHECK(Clock::now() - began > 1s);
  CHECK(near->receive() == base::Bytes(2));
  answerer.join();
}

TEST_CASE("A visitor who says that he is at work is waited for, one who takes nothing of what he asked for is not") {
  Patience patience;
  patience.idle = 400ms;
  TwoNodes nodes(patience);
  const auto [near, far] = nodes.link();
  near->send(base::Bytes(1));
  CHECK(far->receive() == base::Bytes(1));
  far->send(base::Bytes(2));
  const auto began = Clock::now();
  std::thread worker([&link = near] {
    for (int i = 0; i < 10; ++i) {
      std::this_thread::sleep_for(100ms);
      link->tell_at_work();
    }
  });
  CHECK(kind_of_failure([&link = far] { link->receive(); }) == ErrorKind::peer);
  CHECK(Clock::now() - began > 1300ms);
  worker.join();

  RawPeer greedy(port_of(nodes), nodes.destination_key);
  greedy.greet();
  REQUIRE(greedy.hear(PieceKind::hello));
  const auto link = nodes.listener->accept().link;
  base::Bytes question(kPieceNumberBytes + 1);
  for (std::uint32_t number = 0; number < 8; ++number) {
    std::memcpy(question.data(), &number, sizeof number);
    greedy.say(PieceKind::last, question);
    REQUIRE(link->receive());
  }
  const auto failure = failure_of([&link] {
    for (int i = 0; i < 8; ++i)
      link->send(base::Bytes(kFrameBytesMax.value));
  });
  CHECK(failure.cause().find("taken nothing of what is sent to it") != std::string::npos);
}

TEST_CASE("Who does not understand to be told that a node is at work is not told") {
  TwoNodes nodes;
  RawPeer older(port_of(nodes), nodes.destination_key);
  older.greet();  // names no features
  REQUIRE(older.hear(PieceKind::hello));
  const auto link = nodes.listener->accept().link;
  link->tell_at_work();
  link->send(base::Bytes(1));
  CHECK(older.hear_next_but(PieceKind::ping) == PieceKind::last);

  RawPeer newer(port_of(nodes), nodes.destination_key);
  newer.greet({"at-work", "of-the-future"});
  REQUIRE(newer.hear(PieceKind::hello));
  const auto other = nodes.listener->accept().link;
  other->tell_at_work();
  other->send(base::Bytes(1));
  CHECK(newer.hear_next_but(PieceKind::ping) == PieceKind::at_work);
}

TEST_CASE("A host that opens one connection after another gets few of them, and its peers still get theirs later") {
  TwoNodes nodes(kHurried);
  {
    std::vector<RawSocket> sockets;
    for (std::size_t i = 0; i < 3 * kHalfOpenOfOneHostMax; ++i)
      sockets.emplace_back(port_of(nodes));
    CHECK(nodes.log_has("connections from there have not said hello yet"));
    CHECK(sockets.back().was_closed());
  }
  std::this_thread::sleep_for(500ms);
  check_still_serves(nodes);
}

TEST_CASE("A peer gets no more links than are meant for one, and a link that ended makes room") {
  TwoNodes nodes;
  std::vector<std::unique_ptr<Link>> links;
  std::vector<std::unique_ptr<Link>> theirs;
  for (std::size_t i = 0; i < kLinksOfOnePeerMax; ++i) {
    auto ends = nodes.link();
    links.push_back(std::move(ends.near));
    theirs.push_back(std::move(ends.far));
  }
  CHECK(kind_of_failure([&] { nodes.destination.connect(nodes.call(), {}); }) == ErrorKind::busy);
  links.clear();
  theirs.clear();
  for (int i = 0; i < 100 && kind_of_failure([&] { check_still_serves(nodes); }); ++i)
    std::this_thread::sleep_for(20ms);
  check_still_serves(nodes);
}
