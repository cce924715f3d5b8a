#include "transport/memory_link.hpp"

#include <thread>

#include <doctest/doctest.h>

#include "support/failure.hpp"

using namespace jaunt;
using namespace jaunt::transport;
using test_support::failure_of;

namespace {

base::Bytes frame(std::size_t size, int fill) {
  return base::Bytes(size, std::byte(fill));
}

}  // namespace

TEST_CASE("Frames arrive whole and in order, and both ends count the same bytes, framing included") {
  const auto [left, right] = memory_link({.left = "right", .right = "left"});
  left->send(frame(10, 1));
  left->send(frame(0, 0));
  right->send(frame(3, 2));
  CHECK(right->receive() == frame(10, 1));
  CHECK(right->receive() == frame(0, 0));
  CHECK(left->receive() == frame(3, 2));
  CHECK(left->sent() == Traffic{2, base::ByteCount(18)});
  CHECK(right->received() == left->sent());
  CHECK(left->received() == right->sent());
  CHECK(left->peer() == "right");
}

TEST_CASE("After a close what was sent before is still received, then the end") {
  const auto [left, right] = memory_link({});
  left->send(frame(5, 1));
  left->close();
  CHECK(right->receive() == frame(5, 1));
  CHECK(right->receive() == std::nullopt);
  right->send(frame(1, 1));
  CHECK(left->receive() == frame(1, 1));
}

TEST_CASE("A peer that is gone is an error of both directions and names it") {
  auto [left, right] = memory_link({.left = "home:/b", .right = "home:/a"});
  right.reset();
  CHECK(failure_of([&] { left->send(frame(1, 1)); }).kind() == base::ErrorKind::peer);
  CHECK_THROWS_WITH_AS(left->receive(), doctest::Contains("home:/b"), base::Error);
}

TEST_CASE("A sender far ahead waits until the other side has taken something") {
  auto [left, right] = memory_link({});
  std::thread sender([&left = left] {
    for (int i = 0; i < 12; ++i)
      left->send(frame(kFrameBytesMax.value, i));
    left->close();
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(left->sent().frames <= 4);
  int received = 0;
  while (const auto next = right->receive())
    CHECK((*next)[0] == std::byte(received++));
  CHECK(received == 12);
  sender.join();
}

TEST_CASE("Waiting for a frame ends when the work is cancelled") {
  const base::CancelToken cancel;
  const auto [left, right] = memory_link({}, cancel);
  std::thread interrupter([&] { cancel.cancel(); });
  CHECK_THROWS_AS(left->receive(), base::Cancelled);
  interrupter.join();
}
