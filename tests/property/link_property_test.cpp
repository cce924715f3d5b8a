// A whole link, with TLS, in simulated time: whatever happens to the bytes, an end receives what the other one sent,
// in order and as far as it came, and learns whether that was all.
#include <doctest/doctest.h>

#include "support/seed.hpp"
#include "support/simulated_link.hpp"

using namespace jaunt;
using namespace jaunt::transport;
using namespace std::chrono_literals;
using test_support::SimulatedLink;

namespace {

using Frames = std::vector<base::Bytes>;
using Fault = SimulatedLink::Fault;

std::uint64_t up_to(std::mt19937_64& random, std::uint64_t most) {
  return std::uniform_int_distribution<std::uint64_t>(0, most)(random);
}

// Small enough altogether to be sent without waiting for the other side.
Frames some_frames(std::mt19937_64& random) {
  Frames frames(up_to(random, 12));
  for (base::Bytes& frame : frames) {
    frame.resize(up_to(random, 3) == 0 ? up_to(random, 250'000) : up_to(random, 2000));
    std::uint64_t value = random();
    for (std::byte& b : frame)
      b = std::byte(value = value * 6364136223846793005u + 1442695040888963407u);
  }
  return frames;
}

void send(Link& link, const Frames& frames) {
  for (const base::Bytes& frame : frames)
    link.send(frame);
  link.close();
}

struct Received {
  Frames frames;
  bool ended = false;
};

// Only after the simulation, so that it never waits.
Received receive(SimulatedLink::End& end) {
  Received received;
  end.state->lost(base::Error(base::ErrorKind::peer, "simulate", "the link", "the simulation is over"));
  try {
    while (auto frame = end.link->receive())
      received.frames.push_back(std::move(*frame));
    received.ended = true;
  } catch (const base::Error&) {
  }
  return received;
}

void check_prefix(const Received& received, const Frames& sent) {
  REQUIRE(received.frames.size() <= sent.size());
  for (std::size_t i = 0; i < received.frames.size(); ++i)
    CHECK(received.frames[i] == sent[i]);
  if (received.ended)
    CHECK(received.frames.size() == sent.size());
}

}  // namespace

TEST_CASE(
    "Over a connection that delays and splits its bytes everything arrives, and both ends know that it was all") {
  testing::for_seeds(20, [](std::mt19937_64& random) {
    SimulatedLink world(random);
    // Four times this fits into the time for a handshake.
    world.delay_max = std::chrono::milliseconds(up_to(random, 2000));
    const Frames there = some_frames(random);
    const Frames back = some_frames(random);
    send(*world.left.link, there);
    send(*world.right.link, back);
    world.run(60s);
    CHECK(world.left.state->is_open());
    for (const auto& [end, sent] : {std::pair(&world.right, &there), std::pair(&world.left, &back)}) {
      const Received received = receive(*end);
      CHECK(received.ended);
      CHECK(received.frames == *sent);
    }
    world.left.link.reset();
    world.right.link.reset();
    world.run(60s);
    CHECK((world.left.over && world.right.over));
  });
}

TEST_CASE("A connection that is cut at any byte gives what came before, and never claims that it was all") {
  testing::for_seeds(60, [](std::mt19937_64& random) {
    SimulatedLink world(random);
    world.delay_max = std::chrono::milliseconds(up_to(random, 100));
    const Frames there = some_frames(random);
    const Frames back = some_frames(random);
    send(*world.left.link, there);
    send(*world.right.link, back);
    auto& direction = up_to(random, 1) == 0 ? world.to_right : world.to_left;
    direction.fault = {Fault::Kind::cut, up_to(random, up_to(random, 1) == 0 ? 2500 : 200'000)};
    world.run(120s);
    check_prefix(receive(world.right), there);
    check_prefix(receive(world.left), back);
  });
}

TEST_CASE("A byte that is spoiled on the way ends the link before anything of it is believed") {
  testing::for_seeds(60, [](std::mt19937_64& random) {
    SimulatedLink world(random);
    const Frames there = some_frames(random);
    const Frames back = some_frames(random);
    send(*world.left.link, there);
    send(*world.right.link, back);
    auto& direction = up_to(random, 1) == 0 ? world.to_right : world.to_left;
    direction.fault = {Fault::Kind::spoil, up_to(random, up_to(random, 1) == 0 ? 2500 : 200'000)};
    world.run(120s);
    check_prefix(receive(world.right), there);
    check_prefix(receive(world.left), back);
    for (const auto* end : {&world.left, &world.right})
      if (end->ended)
        CHECK((end->ended->kind() == base::ErrorKind::peer || end->ended->kind() == base::ErrorKind::corrupt ||
               end->ended->kind() == base::ErrorKind::auth || end->ended->kind() == base::ErrorKind::incompatible));
  });
}

TEST_CASE("A connection whose bytes vanish is given up in time, and one that is merely idle is kept") {
  testing::for_seeds(10, [](std::mt19937_64& random) {
    SimulatedLink world(random);
    world.delay_max = 200ms;
    world.run(600s);
    REQUIRE((world.left.lives() && world.right.lives() && world.left.state->is_open()));
    world.to_right.fault = {Fault::Kind::vanish, world.to_right.passed + up_to(random, 100)};
    world.left.link->send(base::Bytes(100));
    const Moment since = world.now;
    world.run(600s);
    CHECK((world.left.ended && world.right.ended));
    CHECK(world.now - since <= world.patience.silence + world.patience.ping + 5s);
  });
}
