#include "transport/network.hpp"

#include <atomic>
#include <thread>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/file.hpp"
#include "support/failure.hpp"
#include "support/two_nodes.hpp"

using namespace jaunt;
using namespace jaunt::transport;
using namespace std::chrono_literals;
using base::ErrorKind;
using test_support::kind_of_failure;
using test_support::TwoNodes;

namespace {

base::Bytes frame(std::size_t size, int fill) {
  return base::Bytes(size, std::byte(fill));
}

}  // namespace

TEST_CASE("Two paired nodes exchange frames in order, and both count the same bytes") {
  TwoNodes nodes;
  const auto [near, far] = nodes.link();
  CHECK(near->peer() == "source");
  CHECK(far->peer() == "destination");
  near->send(frame(10, 1));
  near->send(frame(0, 0));
  near->send(frame(kFrameBytesMax.value, 7));
  far->send(frame(3, 2));
  CHECK(far->receive() == frame(10, 1));
  CHECK(far->receive() == frame(0, 0));
  CHECK(far->receive() == frame(kFrameBytesMax.value, 7));
  CHECK(near->receive() == frame(3, 2));
  near->close();
  CHECK(far->receive() == std::nullopt);
  far->send(frame(1, 1));
  CHECK(near->receive() == frame(1, 1));
  CHECK(near->sent().frames == 3);
  CHECK(near->sent().bytes.value > kFrameBytesMax.value);
  CHECK(near->sent().bytes.value < kFrameBytesMax.value * 101 / 100);
  CHECK(far->received().bytes == near->sent().bytes);
  CHECK(near->received().frames == 2);
  CHECK(near->measured().round_trip);
}

TEST_CASE("What was sent before a link was left still arrives, then it is gone") {
  TwoNodes nodes;
  auto [near, far] = nodes.link();
  for (int i = 0; i < 20; ++i)
    near->send(frame(100'000, i));
  near.reset();
  for (int i = 0; i < 20; ++i)
    CHECK(far->receive() == frame(100'000, i));
  CHECK(kind_of_failure([&link = far] { link->receive(); }) == ErrorKind::peer);
  CHECK(kind_of_failure([&link = far] {
          for (int i = 0; i < 1000; ++i)
            link->send(frame(100'000, i));
        }) == ErrorKind::peer);
}

TEST_CASE("A sender far ahead waits until the other side has taken something") {
  TwoNodes nodes;
  auto [near, far] = nodes.link();
  std::atomic<int> sent = 0;
  std::thread sender([&, &link = near] {
    for (; sent < 100; ++sent)
      link->send(frame(base::kMiB, sent));
    link->close();
  });
  std::this_thread::sleep_for(300ms);
  CHECK(sent < 40);  // 24 MiB of credit, 4 MiB waiting, and what is in the cutter
  int received = 0;
  while (const auto next = far->receive())
    CHECK((*next)[0] == std::byte(received++));
  CHECK(received == 100);
  sender.join();
}

TEST_CASE("Both directions carry at full speed at once") {
  TwoNodes nodes;
  auto [near, far] = nodes.link();
  const auto exchange = [](Link& link, std::uint64_t& bytes) {
    std::thread sender([&] {
      for (int i = 0; i < 200; ++i)
        link.send(frame(300'000, i));
      link.close();
    });
    while (const auto next = link.receive())
      bytes += next->size();
    sender.join();
  };
  std::uint64_t there = 0;
  std::uint64_t back = 0;
  std::thread other([&, &link = far] { exchange(*link, there); });
  exchange(*near, back);
  other.join();
  CHECK(there == 60'000'000);
  CHECK(back == 60'000'000);
}

TEST_CASE("Waiting for a frame, for room and for a visitor ends when the work is cancelled") {
  TwoNodes nodes;
  auto [near, far] = nodes.link();
  const auto cancel_soon = [&] {
    return std::thread([&] {
      std::this_thread::sleep_for(100ms);
      nodes.cancel.cancel();
    });
  };
  std::thread interrupter = cancel_soon();
  CHECK_THROWS_AS(near->receive(), base::Cancelled);
  interrupter.join();
  CHECK_THROWS_AS(
      [&link = near] {
        for (;;)
          link->send(frame(base::kMiB, 1));
      }(),
      base::Cancelled);
  CHECK_THROWS_AS(nodes.listener->accept(), base::Cancelled);
}

TEST_CASE("An unpaired node and a wrong key are refused on either side, and named in the log") {
  TwoNodes nodes;
  const identity::NodeKey stranger = identity::NodeKey::generate();
  Network strange(stranger, {});
  CHECK(kind_of_failure([&] { strange.connect(nodes.call(), {}); }) == ErrorKind::auth);
  CHECK(nodes.log_has(to_text(stranger.id()) + ": it is not paired"));
  Call wrong = nodes.call();
  wrong.expected = [](const identity::PublicKey&) { return false; };
  CHECK(kind_of_failure([&] { nodes.destination.connect(wrong, {}); }) == ErrorKind::auth);
  CHECK(nodes.log_has("refused 127.0.0.1:"));
}

TEST_CASE("A node that is not there is told with its address and what to look at") {
  TwoNodes nodes;
  Call call = nodes.call();
  nodes.listener.reset();
  try {
    for (int i = 0; i < 100; ++i) {  // until the listener has really gone
      nodes.destination.connect(call, {});
      std::this_thread::sleep_for(10ms);
    }
    FAIL("it answered");
  } catch (const base::Error& error) {
    CHECK(error.kind() == ErrorKind::peer);
    CHECK(error.subject().find("127.0.0.1") != std::string::npos);
    CHECK(error.remedy().find("jaunt serve") != std::string::npos);
  }
}

TEST_CASE(
    "A link that carries much over a distance gets more connections, and nobody sees a difference but in speed") {
  TwoNodes nodes({.tick = 20ms}, {}, {.connections = 4, .round_trip_min = 0us, .bytes_min = 1});
  auto [near, far] = nodes.link();
  near->send(frame(1, 1));
  CHECK(far->receive() == frame(1, 1));
  std::this_thread::sleep_for(300ms);  // they join meanwhile
  const auto exchange = [](Link& link) {
    std::thread sender([&] {
      for (int i = 0; i < 300; ++i)
        link.send(frame(static_cast<std::size_t>(i) * 1000, i));
      link.close();
    });
    int received = 0;
    while (const auto next = link.receive()) {
      CHECK(*next == frame(static_cast<std::size_t>(received) * 1000, received));
      ++received;
    }
    CHECK(received == 300);
    sender.join();
  };
  std::thread other([&, &link = far] { exchange(*link); });
  exchange(*near);
  other.join();
  CHECK(near->sent().bytes.value > 300 * 299 * 500 + 4 * 600);  // and four handshakes
  CHECK(near->sent().bytes.value < 300ULL * 299 * 505);
}

TEST_CASE("The limit of a node holds on what it sends and on what it receives, and that of one link on that link") {
  const auto seconds_for = [](const Timetable& of_listener, std::optional<base::ByteCount> of_link, bool back) {
    TwoNodes nodes({}, of_listener);
    Call call = nodes.call();
    call.limit = of_link;
    const auto near = nodes.destination.connect(call, {});
    const auto far = nodes.listener->accept().link;
    Link& from = back ? *far : *near;
    Link& to = back ? *near : *far;
    const auto began = Clock::now();
    for (int i = 0; i < 10; ++i)
      from.send(frame(100'000, i));
    for (int i = 0; i < 10; ++i)
      CHECK(to.receive() == frame(100'000, i));
    return std::chrono::duration<double>(Clock::now() - began).count();
  };
  const auto slow = parse_timetable("8Mbit").value();
  for (const bool back : {false, true}) {
    CHECK(seconds_for({}, {}, back) < 0.4);
    const double by_node = seconds_for(slow, {}, back);
    CHECK(by_node > 0.95);
    CHECK(by_node < 2);  // on a busy machine
    const double by_link = seconds_for({}, base::ByteCount(2'000'000), back);
    CHECK(by_link > 0.45);
    CHECK(by_link < 1);
  }
}

TEST_CASE("A sender that is held back learns how fast the link is") {
  TwoNodes nodes({}, parse_timetable("16Mbit").value());
  const auto [near, far] = nodes.link();
  CHECK_FALSE(far->measured().sending);
  std::thread receiver([&link = near] {
    while (link->receive()) {
    }
  });
  for (int i = 0; i < 20; ++i)
    far->send(frame(100'000, i));
  far->close();
  std::this_thread::sleep_for(900ms);
  REQUIRE(far->measured().sending);
  CHECK(static_cast<double>(far->measured().sending->value) == doctest::Approx(2e6).epsilon(0.25));
  receiver.join();
}

TEST_CASE("A host that takes connections and says nothing is given up in time, or when the work is cancelled") {
  const base::Fd mute(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof at;
  REQUIRE(::bind(mute.get(), reinterpret_cast<const sockaddr*>(&at), length) == 0);
  REQUIRE(::listen(mute.get(), 8) == 0);
  REQUIRE(::getsockname(mute.get(), reinterpret_cast<sockaddr*>(&at), &length) == 0);
  const Call call{.peer = "mute",
                  .address = {.host = "127.0.0.1", .port = ntohs(at.sin_port)},
                  .expected = [](const identity::PublicKey&) { return true; }};
  Network hurried(identity::NodeKey::generate(), {.patience = {.handshake = 300ms, .tick = 50ms}});
  CHECK(kind_of_failure([&] { hurried.connect(call, {}); }) == ErrorKind::peer);
  CHECK(kind_of_failure([&] { hurried.pair(call, {}, {}, {}); }) == ErrorKind::peer);
  Network patient(identity::NodeKey::generate(), {});
  for (const bool pairing : {false, true}) {
    const base::CancelToken cancel;
    std::thread interrupter([&] {
      std::this_thread::sleep_for(100ms);
      cancel.cancel();
    });
    const auto began = Clock::now();
    if (pairing)
      CHECK_THROWS_AS(patient.pair(call, {}, {}, cancel), base::Cancelled);
    else
      CHECK_THROWS_AS(patient.connect(call, cancel), base::Cancelled);
    CHECK(Clock::now() - began < 2s);
    interrupter.join();
  }
}
