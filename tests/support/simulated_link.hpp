// Two ends of a link in one thread and in simulated time: what one end's connection sends arrives at the other late,
// in other portions, spoiled, or not at all, as a test has it.
#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>

#include "identity/node_key.hpp"
#include "transport/conduit.hpp"
#include "transport/link_state.hpp"
#include "transport/link_talk.hpp"

namespace jaunt::test_support {

struct SimulatedLink {
  // What happens to the bytes of one direction.
  struct Fault {
    enum class Kind { none, cut, spoil, vanish } kind = Kind::none;
    std::uint64_t at = 0;  // the byte, counted from the first
  };
  struct Direction {
    Fault fault;
    std::uint64_t passed = 0;
    std::deque<std::pair<transport::Moment, base::Bytes>> under_way = {};
    bool cut = false;
  };
  struct End {
    std::shared_ptr<transport::LinkState> state;
    std::shared_ptr<transport::LinkTalk> talk;
    std::unique_ptr<transport::Conduit> conduit;
    std::unique_ptr<transport::Link> link;
    std::optional<base::Error> ended;
    bool over = false;

    bool lives() const { return !over && !ended; }
  };

  std::mt19937_64& random;
  transport::Patience patience;
  transport::Moment now = transport::Clock::now();
  std::chrono::milliseconds delay_max{0};
  identity::NodeKey left_key = identity::NodeKey::generate();
  identity::NodeKey right_key = identity::NodeKey::generate();
  End left;
  End right;
  Direction to_right;
  Direction to_left;

  explicit SimulatedLink(std::mt19937_64& with) : random(with) {
    using namespace transport;
    const auto anybody = [](const auto&, auto) { return true; };
    const auto no_limit = [] { return std::optional<base::ByteCount>(); };
    left.state = std::make_shared<LinkState>("right", base::CancelToken());
    right.state = std::make_shared<LinkState>("left", base::CancelToken());
    left.talk = std::make_shared<LinkTalk>(left.state, LinkId{}, nullptr, patience, no_limit, now);
    right.talk = std::make_shared<LinkTalk>(
        [this](const Greeting&, const identity::PublicKey&) {
          return LinkTalk::Attached{.state = right.state, .link = LinkId{std::byte{1}}};
        },
        patience, no_limit, now);
    left.conduit = std::make_unique<Conduit>(TlsStream::dial(TlsTerms(left_key), Purpose::link, anybody), left.talk);
    right.conduit = std::make_unique<Conduit>(
        TlsStream::answer(TlsTerms(right_key), anybody, [](Purpose) { return true; }), right.talk);
    left.link = link_over(left.state);
    right.link = link_over(right.state);
  }

  // Until nothing moves any more, or so much time has passed.
  void run(std::chrono::milliseconds longest) {
    const transport::Moment end = now + longest;
    while (now < end && (left.lives() || right.lives())) {
      bool moved = send(left, to_right);
      moved = send(right, to_left) || moved;
      moved = deliver(to_right, right) || moved;
      moved = deliver(to_left, left) || moved;
      if (!moved)
        pass_time();
    }
  }

 private:
  std::uint64_t up_to(std::uint64_t most) { return std::uniform_int_distribution<std::uint64_t>(0, most)(random); }

  void guarded(End& end, const std::function<void()>& step) {
    if (!end.lives())
      return;
    try {
      step();
    } catch (const base::Error& failure) {
      end.ended = failure;
      end.state->lost(failure);  // which its talk may not know yet
    }
  }

  bool send(End& from, Direction& direction) {
    bool moved = false;
    guarded(from, [&] {
      const base::ByteView out = from.conduit->output(now);
      const std::size_t length = out.empty() ? 0 : 1 + up_to(out.size() - 1);
      moved = length > 0;
      if (moved)
        put(direction, out.first(length));
      from.conduit->sent(length);
      if (from.conduit->over())
        from.over = true;
    });
    if (!from.lives())
      direction.cut = true;  // after what is under way
    return moved;
  }

  void put(Direction& direction, base::ByteView out) {
    base::Bytes bytes(out.begin(), out.end());
    const Fault& fault = direction.fault;
    const std::uint64_t first = direction.passed;
    direction.passed += bytes.size();
    if (fault.kind != Fault::Kind::none && direction.passed > fault.at) {
      const std::size_t at = fault.at > first ? fault.at - first : 0;
      if (fault.kind == Fault::Kind::spoil && fault.at >= first)
        bytes[at] ^= std::byte{0x40};
      if (fault.kind == Fault::Kind::cut || fault.kind == Fault::Kind::vanish)
        bytes.resize(at);
      if (fault.kind == Fault::Kind::cut)
        direction.cut = true;
    }
    const auto late = now + std::chrono::milliseconds(up_to(static_cast<std::uint64_t>(delay_max.count())));
    const auto last = direction.under_way.empty() ? now : direction.under_way.back().first;
    direction.under_way.emplace_back(std::max(late, last), std::move(bytes));
  }

  bool deliver(Direction& direction, End& to) {
    bool moved = false;
    while (!direction.under_way.empty() && direction.under_way.front().first <= now) {
      const base::Bytes bytes = std::move(direction.under_way.front().second);
      direction.under_way.pop_front();
      guarded(to, [&] { to.conduit->arrive(bytes, now); });
      moved = true;
    }
    if (direction.cut && direction.under_way.empty() && to.lives()) {
      guarded(to, [&] { to.conduit->arrive_end(); });
      if (to.lives())
        to.over = true;
      moved = true;
    }
    return moved;
  }

  void pass_time() {
    transport::Moment next = now + patience.tick;
    for (const Direction* direction : {&to_right, &to_left})
      if (!direction->under_way.empty())
        next = std::min(next, direction->under_way.front().first);
    now = next;
    for (End* end : {&left, &right})
      guarded(*end, [&] { end->conduit->tick(now); });
  }
};

}  // namespace jaunt::test_support
