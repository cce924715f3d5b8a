#include "sync/stream_level.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "sync/block_asker.hpp"
#include "sync/block_stream.hpp"

using namespace jaunt;
using sync::StreamLevel;
using Seconds = StreamLevel::Seconds;

namespace {

// Sends so many MiB over a link of this rate with a compressor of this speed (both bytes per second); tells how often
// a new stream began.
int send(StreamLevel& level, int mebibytes, double link, double speed, double shown = 0) {
  int fresh = 0;
  for (int i = 0; i < mebibytes; ++i) {
    const double compressing = base::kMiB / (speed / level.level());
    const double crossing = base::kMiB / 3.0 / link;
    const double waiting = std::max(0.0, crossing - compressing);
    fresh += level.account(
                 base::ByteCount(base::kMiB), base::ByteCount(base::kMiB / 3), Seconds(compressing), Seconds(waiting),
                 shown > 0 ? std::optional(base::ByteCount(static_cast<std::uint64_t>(shown))) : std::nullopt)
                 ? 1
                 : 0;
  }
  return fresh;
}

}  // namespace

TEST_CASE("A slower link is worth a higher level") {
  CHECK(sync::level_for(1e9) == 1);
  CHECK(sync::level_for(125e6) == 1);
  CHECK(sync::level_for(12.5e6) == 9);
  CHECK(sync::level_for(6e6) == 11);
  CHECK(sync::level_for(3e6) == 12);
  CHECK(sync::level_for(1e6) == 13);
  int previous = 13;
  for (double rate = 1e6; rate < 1e9; rate *= 1.1) {
    CHECK(sync::level_for(rate) <= previous);
    previous = sync::level_for(rate);
  }
}

TEST_CASE("Where the link's speed is known the level stays, unless the compressor is too slow for it") {
  StreamLevel level(12'500'000);
  CHECK(level.level() == 9);
  CHECK(send(level, 300, 1e9, 400e6) == 0);
  CHECK(level.level() == 9);
  StreamLevel busy(12'500'000);
  CHECK(send(busy, 300, 1e9, 250e6) == 1);  // 9 MB/s would come out at level 9
  CHECK(busy.level() == 6);
}

TEST_CASE("Where the link is about as fast as it was said to be the level stays") {
  for (const double link : {7e6, 12.5e6, 24e6}) {
    StreamLevel level(12'500'000);
    CHECK(send(level, 300, link, 400e6, link) == 0);
    CHECK(level.level() == 9);
  }
}

TEST_CASE("A link that is quite another than it was said to be gets another level, once") {
  StreamLevel slower(12'500'000);
  CHECK(send(slower, 300, 1e6, 400e6, 1e6) == 1);
  CHECK(slower.level() == 13);
  StreamLevel faster(12'500'000);
  CHECK(send(faster, 7, 125e6, 400e6, 125e6) == 0);  // not at once
  CHECK(send(faster, 293, 125e6, 400e6, 125e6) == 1);
  CHECK(faster.level() == 1);
}

TEST_CASE("What the link has shown counts more than how long sending took, which a queue may hide") {
  StreamLevel level(0);
  CHECK(send(level, 300, 1e9, 220e6 * 3, 12.5e6) == 1);
  CHECK(level.level() >= 9);
}

TEST_CASE(
    "A link that waits for the compressor gets a lower level, one that is waited for a higher one, and seldom") {
  StreamLevel fast(0);
  CHECK(fast.level() == 3);
  CHECK(send(fast, 500, 1e9, 600e6) == 1);
  CHECK(fast.level() == 1);
  StreamLevel slow(0);
  CHECK(send(slow, 500, 1e6, 600e6) <= 2);
  CHECK(slow.level() == 13);
}

TEST_CASE("More is asked for ahead where an answer takes long, within bounds") {
  sync::AskAhead near;
  sync::AskAhead far;
  for (int i = 0; i < 100; ++i) {
    near.account(base::kMiB, Seconds(0.001), Seconds(0.01));
    far.account(base::kMiB, Seconds(0.1), Seconds(0.01));
  }
  CHECK(near.bytes() == sync::AskAhead::kMin);
  CHECK(far.bytes() > 15 * base::kMiB);
  for (int i = 0; i < 100; ++i)
    far.account(base::kMiB, Seconds(10), Seconds(0));
  CHECK(far.bytes() == sync::AskAhead::kMax);
}

TEST_CASE("A stream that begins with more than its history may be is refused") {
  sync::BlockStreamWriter writer;
  const base::Bytes half(codec::kHistoryBytesMax / 2);
  CHECK(writer.begin(0, 20, half).history == base::ByteCount(half.size()));
  CHECK(writer.begin(0, 20, half).history == base::ByteCount(codec::kHistoryBytesMax));
  CHECK_THROWS_AS(writer.begin(0, 20, base::Bytes(1)), base::Error);
}

TEST_CASE("A piece that is no beginning is refused by who has none") {
  sync::BlockStreamReader reader;
  CHECK_THROWS_AS(reader.read({.fresh = false, .piece = {}}, 1), base::Error);
}
