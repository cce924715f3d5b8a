// jaunt teleport between two paired nodes, each a program of its own, over TLS and the loopback interface.
#include <csignal>
#include <future>

#include "integration/paired_scene.hpp"

using namespace jaunt;
using namespace jaunt::test_support;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kTile = 256 * kBlock;

void check_refused(const base::Captured& result, int code, const std::string& part) {
  INFO(result.out << result.err);
  CHECK(result.status.code == code);
  CHECK(result.out.find(part) != std::string::npos);
}

// Of a teleport whose source is killed when half of it has arrived; what had.
std::uint64_t kill_server_at_half(const Scene& scene) {
  const std::uint64_t half = fs::file_size(scene.wanted) / 2;
  auto failed = std::async(std::launch::async, [&] { return scene.teleport(); });
  while (scene.placed() < half && failed.wait_for(1ms) == std::future_status::timeout)
    ;
  scene.source.server().kill();
  const base::Captured result = failed.get();
  check_refused(result, 10, "jaunt job resume");
  CHECK(!fs::exists(scene.target));
  return scene.placed();
}

}  // namespace

TEST_CASE("Between paired nodes an image arrives bit for bit, and only what is nowhere here crosses the link") {
  const Scene scene;
  const std::string before = content(scene.wanted);
  const Json summary = summary_of(scene.teleport({"--rate", "100Mbit"}));
  CHECK(content(scene.target) == before);
  CHECK(content(scene.wanted) == before);
  CHECK(summary["source"] == "storage");
  CHECK(summary["bytes_by_source"]["base"] == 700 * kBlock);
  CHECK(summary["bytes_by_source"]["wire"] == kOfNobody * kBlock);
  // Noise stays as it is; TLS and the difference come on top.
  CHECK(summary["wire_bytes_received"].get<std::uint64_t>() > kOfNobody * kBlock);
  CHECK(summary["wire_bytes_received"].get<std::uint64_t>() < kOfNobody * kBlock + 100'000);
  CHECK(summary["wire_bytes_sent"].get<std::uint64_t>() < 30'000);
  CHECK(scene.source.log_has("has left"));
  fs::remove(scene.target);
  CHECK(scene.nothing_begun());
}

TEST_CASE("Who may not have blocks is told what to do, and goes on once that is done") {
  const Scene scene("describe");
  check_refused(scene.teleport(), 12, "jaunt node grant " + scene.peer() + " send");
  CHECK(!fs::exists(scene.target));
  CHECK(scene.source.jaunt({"node", "grant", scene.peer(), "send"}).status.code == 0);
  summary_of(scene.resume());
  CHECK(content(scene.target) == content(scene.wanted));
}

TEST_CASE("When the source is killed, a resume ends with the right disk, and what had arrived does not come again") {
  const Scene scene;
  scene.source.stop();
  scene.serve_again({"JAUNT_NODE_LIMIT=80Mbit"});
  const std::uint64_t placed = kill_server_at_half(scene);
  REQUIRE(placed >= fs::file_size(scene.wanted) / 2);
  const base::Captured refused = scene.resume();
  check_refused(refused, 10, "`jaunt serve` runs there");
  check_refused(refused, 10, "jaunt job resume");

  scene.serve_again();
  const Json summary = summary_of(scene.resume());
  CHECK(content(scene.target) == content(scene.wanted));
  CHECK(summary["resumed"] == true);
  const std::uint64_t total = (700 + kOfNobody) * kBlock;
  const std::uint64_t received = summary["wire_bytes_received"];
  MESSAGE(placed, " of ", total, " bytes lay here, the rest took ", received);
  CHECK(received < total - placed + 2 * kTile);
}

TEST_CASE("When the destination is killed, a resume ends with the right disk") {
  Scene scene;
  scene.begin_teleport();
  const Json summary = summary_of(scene.resume());
  CHECK(content(scene.target) == content(scene.wanted));
  CHECK(summary["kept_bytes"].get<std::uint64_t>() > 0);
}

TEST_CASE("A job whose disk has its name already is not given up any more, and ends when it goes on") {
  Scene scene;
  scene.destination.more_environment = {"JAUNT_KILL_AT=targets visible:1"};
  CHECK(scene.teleport().status.signal == SIGKILL);
  scene.destination.more_environment.clear();
  const std::string job = scene.destination.json({"job", "list"})["id"];
  check_refused(scene.destination.jaunt({"job", "cancel", "--json", job}), 2, "jaunt job resume");
  CHECK(content(scene.target) == content(scene.wanted));
  summary_of(scene.resume());
  check_refused(scene.destination.jaunt({"job", "cancel", "--json", job}), 2, "it is over");
  CHECK(content(scene.target) == content(scene.wanted));
}

TEST_CASE(
    "A peer that lost its grant, or that is none any more, is refused while its job waits, and keeps what it has") {
  Scene scene;
  scene.begin_teleport();
  const std::uint64_t placed = scene.placed();
  CHECK(scene.source.jaunt({"node", "revoke", scene.peer(), "send"}).status.code == 0);
  check_refused(scene.resume(), 12, "jaunt node grant");
  CHECK(scene.source.jaunt({"node", "remove", scene.peer()}).status.code == 0);
  check_refused(scene.resume(), 12, "does not know this node's key");
  CHECK(!fs::exists(scene.target));
  CHECK(scene.placed() == placed);
  scene.pair("describe,send", scene.source.port());
  summary_of(scene.resume());
  CHECK(content(scene.target) == content(scene.wanted));
}

TEST_CASE("A node that has another key now sends nothing, and nothing is begun") {
  const Scene scene;
  ServedHome impostor(scene.folder.path() / "impostor", scene.there.images);
  impostor.serve();
  const std::string address = fmt::format("127.0.0.1:{}", impostor.port());
  const base::Captured refused =
      scene.destination.jaunt({"teleport", "--json", "--format", "raw", "--to", scene.target.string(),
                               scene.wanted.string() + "@" + address});
  check_refused(refused, 12, "not the one that is expected");
  CHECK(scene.nothing_begun());
}

TEST_CASE("A limit holds on the whole transfer, and still does when the job is resumed") {
  Scene scene;
  const auto rate = [](const Json& summary) {
    return summary["wire_bytes_received"].get<double>() / summary["seconds_by_stage"]["build"].get<double>();
  };
  const double fast = rate(summary_of(scene.teleport({"--limit", "12MB"})));
  fs::remove(scene.target);
  const double slow = rate(summary_of(scene.teleport({"--limit", "24Mbit"})));
  fs::remove(scene.target);
  MESSAGE("bytes in a second: ", fast, " of 12000000, ", slow, " of 3000000");
  CHECK(fast < 12.6e6);
  CHECK(slow < 3.15e6);
  CHECK(fast > slow);

  scene.begin_teleport({"--limit", "24Mbit"});
  CHECK(rate(summary_of(scene.resume())) < 3.15e6);
  CHECK(content(scene.target) == content(scene.wanted));
}

TEST_CASE("A limit that cannot be understood, or has no link to hold, is refused") {
  const Scene scene;
  check_refused(scene.teleport({"--limit", "slow"}), 2, "--limit slow");
  check_refused(
      scene.destination.jaunt({"teleport", "--json", "--format", "raw", "--to", scene.target.string(), "--limit",
                               "1MB", scene.wanted.string() + "@home:" + scene.source.path().string()}),
      2, "leave --limit out");
  CHECK(scene.nothing_begun());
}
