// Teleports of nodes whose clocks are wrong: they decide what is tried and kept, never what a disk is.
#include "integration/paired_scene.hpp"
#include "support/skip.hpp"

using namespace jaunt;
using namespace jaunt::test_support;

namespace {

constexpr std::int64_t kYears = std::int64_t{10} * 365 * 24 * 3600;

std::vector<std::string> off_by(std::int64_t seconds) {
  return {std::string("LD_PRELOAD=") + JAUNT_WRONG_CLOCK, fmt::format("JAUNT_CLOCK_OFF={}", seconds)};
}

std::int64_t began(const Json& receipt) {
  return receipt["began"];
}

}  // namespace

TEST_CASE("Nodes whose clocks are twenty years apart pair, and teleport the right disk") {
  Scene scene;
  REQUIRE(scene.destination.jaunt({"node", "remove", "storage"}).status.code == 0);
  scene.source.stop();
  scene.serve_again(off_by(-kYears));
  scene.destination.more_environment = off_by(kYears);
  scene.pair("describe,send", scene.source.port());
  const Json summary = summary_of(scene.teleport());
  CHECK(content(scene.target) == content(scene.wanted));
  // The clock was indeed a wrong one.
  const Json receipt =
      lines_of(base::read_text_file(summary["receipt"].get<std::string>(), base::ByteCount(base::kMiB)))[0];
  CHECK(began(receipt) > std::time(nullptr) + kYears - 3600);
  scene.source.stop();
  scene.serve_again();
}

TEST_CASE("A clock that jumps while a job waits ends its lease at most, and what that let go comes from the source") {
  for (const std::int64_t jump : {kYears, -kYears}) {
    CAPTURE(jump);
    Scene scene;
    put_into_store(scene.destination.path(), numbered(9000, 400));
    // Killed when nothing is placed yet.
    scene.destination.more_environment = {"JAUNT_KILL_AT=teleport planned:1"};
    CHECK(scene.teleport({"--rate", "20Mbit"}).status.signal == SIGKILL);
    scene.destination.more_environment = off_by(jump);
    CHECK(chunkstore::Store(scene.destination.path()).references().list().size() == 1);
    REQUIRE(scene.destination.jaunt({"store", "gc"}).status.code == 0);
    const Json summary = summary_of(scene.resume());
    CHECK(content(scene.target) == content(scene.wanted));
    const std::uint64_t of_store = summary["bytes_by_source"]["store"];
    MESSAGE("of the store after a jump of ", jump, " seconds: ", of_store);
    // A lease that is over by this clock held nothing; one that is far from over did.
    CHECK(of_store == (jump > 0 ? 0 : 400 * kBlock));
    CHECK(lines_of(scene.destination.jaunt({"job", "list", "--json"}).out).empty());
    fs::remove(scene.target);
  }
}

TEST_CASE("A node's limit follows its timetable, also in the middle of a transfer") {
  const Scene scene;
  scene.source.stop();
  // Twenty seconds before six in the evening, there.
  std::vector<std::string> evening = off_by(18 * 3600 - 20 - std::time(nullptr) % (24 * 3600));
  evening.insert(evening.end(), {"TZ=UTC", "JAUNT_NODE_LIMIT=08:00-18:00 2Mbit, 400Mbit"});
  scene.serve_again(evening);
  const Json summary = summary_of(scene.teleport({"--rate", "100Mbit"}));
  CHECK(content(scene.target) == content(scene.wanted));
  const double seconds = summary["seconds_by_stage"]["build"];
  MESSAGE("12.3 MB, which take 49 seconds by day, took ", seconds);
  CHECK(seconds > 5);
  CHECK(seconds < 35);
  scene.source.stop();
  scene.serve_again();
}
