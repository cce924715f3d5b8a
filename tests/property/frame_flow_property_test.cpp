// Frames cut into pieces that travel over several connections, each with a delay of its own: whatever overtakes what,
// they come out as they went in, and no more is kept for a sender who is ahead than he was allowed.
#include <algorithm>
#include <deque>
#include <map>

#include <doctest/doctest.h>

#include "support/seed.hpp"
#include "transport/frame_flow.hpp"

using namespace jaunt;
using namespace jaunt::transport;

namespace {

// Pieces arrive in their order, but when they will.
class Connection {
 public:
  void send(base::Bytes piece, std::uint64_t arrives) {
    latest_ = std::max(latest_, arrives);
    under_way_.emplace_back(latest_, std::move(piece));
  }
  template <typename Take>
  void deliver(std::uint64_t now, const Take& take) {
    for (; !under_way_.empty() && under_way_.front().first <= now; under_way_.pop_front())
      take(under_way_.front().second);
  }
  bool empty() const { return under_way_.empty(); }

 private:
  std::deque<std::pair<std::uint64_t, base::Bytes>> under_way_;
  std::uint64_t latest_ = 0;
};

base::Bytes frame_of(std::mt19937_64& random) {
  static constexpr std::size_t kSizes[] = {0, 1, 100, 70'000, 600'000};
  base::Bytes frame(kSizes[random() % std::size(kSizes)]);
  for (std::size_t at = 0; at < frame.size(); at += 997)
    frame[at] = static_cast<std::byte>(random());
  return frame;
}

}  // namespace

TEST_CASE("Over several connections that overtake one another frames arrive whole, in order, and bounded") {
  std::uint64_t overtaken = 0;
  testing::for_seeds(15, [&](std::mt19937_64& random) {
    std::vector<base::Bytes> frames(30 + random() % 40);
    std::ranges::generate(frames, [&] { return frame_of(random); });
    FrameCutter cutter;
    FrameJoiner joiner;
    cutter.grant(kCreditBytes);
    std::vector<Connection> connections(2 + random() % 3);
    std::multimap<std::uint64_t, std::uint64_t> news;  // of the credit, by when they arrive: in any order
    const std::uint64_t slowest = 1 + random() % 200;
    std::size_t added = 0;
    std::size_t taken = 0;
    std::uint64_t given = 0;  // of pieces, to the joiner
    std::uint64_t allowed = kCreditBytes;
    std::uint64_t last_sent = 0;
    for (std::uint64_t now = 0; !joiner.left(); ++now) {
      REQUIRE(now < 1'000'000);
      while (!news.empty() && news.begin()->first <= now) {
        cutter.grant(news.begin()->second);
        news.erase(news.begin());
      }
      if (added < frames.size() && cutter.queued_bytes() < base::kMiB) {
        cutter.add(frames[added++]);
        if (added == frames.size()) {
          cutter.add(PieceKind::end);
          cutter.add(PieceKind::leave);
        }
      }
      for (base::Bytes piece; cutter.append_next(piece); piece.clear()) {
        const std::uint64_t arrives = now + random() % slowest;
        overtaken += arrives < last_sent ? 1 : 0;
        last_sent = arrives;
        connections[random() % connections.size()].send(std::move(piece), arrives);
      }
      for (Connection& connection : connections)
        connection.deliver(now, [&](const base::Bytes& bytes) {
          PieceReader reader;
          reader.add(bytes);
          while (const auto piece = reader.next()) {
            given += piece->body.size();
            joiner.add(*piece);
          }
        });
      REQUIRE(given <= allowed);
      // Whoever uses it is slow now and then.
      while (random() % 4 != 0) {
        const auto frame = joiner.take();
        if (!frame)
          break;
        REQUIRE(taken < frames.size());
        REQUIRE(*frame == frames[taken++]);
      }
      if (const auto total = joiner.grant()) {
        allowed = std::max(allowed, *total);
        news.emplace(now + random() % slowest, *total);
      }
    }
    while (const auto frame = joiner.take())
      REQUIRE(*frame == frames.at(taken++));
    CHECK(taken == frames.size());
    CHECK(joiner.ended());
    CHECK(cutter.empty());
  });
  MESSAGE(overtaken, " pieces were to arrive before the one sent before them");
  CHECK(overtaken > 50);
}
