// Domains that run, teleported between two paired nodes while they write: whatever is cut or killed, what arrives is
// of one instant, and nothing is left at the source.
#include <csignal>

#include "engine/conversation.hpp"
#include "identity/node_key.hpp"
#include "identity/peers.hpp"
#include "integration/running_scene.hpp"
#include "transport/network.hpp"

using namespace jaunt;
using namespace jaunt::hypervisor;
using namespace jaunt::test_support;
using namespace std::chrono_literals;

namespace {

base::ExitStatus end_of(base::Child& child) {
  const auto status = child.wait_for(3min);
  REQUIRE(status);
  return *status;
}

// What a teleport that was interrupted ends with when it goes on.
Json resumed(RunningScene& scene) {
  const std::size_t before = scene.guest.written();
  const Json summary = summary_of(scene.resume());
  scene.expect_right_disks(before, scene.guest.written());
  CHECK(summary["resumed"] == true);
  CHECK(summary["kept_bytes"].get<std::uint64_t>() > 4 * base::kMiB);
  CHECK(summary["totals"]["attempts"] == 2);
  CHECK(summary["totals"]["wire_bytes_received"].get<std::uint64_t>() >
        summary["wire_bytes_received"].get<std::uint64_t>() + base::kMiB);
  scene.expect_good_source();
  return summary;
}

// The domain that arrived; it goes with the test.
struct Arrived {
  std::string name;
  ~Arrived() {
    run_program({"virsh", "-q", "-c", test_uri(), "destroy", name});
    run_program({"virsh", "-q", "-c", test_uri(), "undefine", name});
  }
};

// A destination that asks for the machine, and whose user then falls asleep.
struct Sleeper {
  explicit Sleeper(const RunningScene& scene)
      : network(identity::NodeKey::load(scene.destination.path()), {}),
        link(network.connect(call(scene), {})),
        conversation(*link) {
    conversation.machine({.subject = scene.domain.name(), .format = {}, .bit_exact = false, .media = false});
  }
  static transport::Call call(const RunningScene& scene) {
    const auto peer = identity::PeerBook(scene.destination.path()).get("storage");
    return {.peer = "storage",
            .address = transport::parse_address(peer.address),
            .expected = [key = peer.key](const auto& shown) { return shown == key; }};
  }
  transport::Network network;
  std::unique_ptr<transport::Link> link;
  engine::Conversation conversation;
};

}  // namespace

TEST_CASE("A domain that writes all the while arrives from a paired node as of one instant, and runs here") {
  RunningScene scene({"JAUNT_APPLIANCE_USE=true"});
  const Arrived copy{scene.copy()};
  scene.run();
  REQUIRE(comes_true([&] { return scene.guest.written() > 20; }));
  const std::size_t before = scene.guest.written();
  const Json summary = summary_of(scene.destination.jaunt(scene.words({"--rate", "100Mbit"})));
  const std::size_t after = scene.guest.written();
  scene.expect_right_disks(before, after);
  CHECK(after > before + 20);
  CHECK(summary["instant"]["frozen"] == false);
  CHECK(summary["domain"]["name"] == copy.name);
  CHECK(summary["bytes_by_source"]["base"].get<std::uint64_t>() > 500 * kBlock);
  CHECK(summary["totals"]["attempts"] == 1);
  scene.expect_good_source();
  virsh({"start", copy.name});
  CHECK(virsh({"domstate", copy.name}).starts_with("running"));
}

TEST_CASE("A domain that is shut off comes from a paired node, is defined and started") {
  const RunningScene scene;
  const Arrived copy{scene.copy()};
  const Json summary = summary_of(scene.destination.jaunt(scene.words({"--start"})));
  CHECK(summary["domain"]["started"] == true);
  CHECK(virsh({"domstate", copy.name}).starts_with("running"));
  CHECK(virsh({"domstate", scene.domain.name()}).starts_with("shut off"));
  scene.expect_right_disks(0, 0);
  CHECK(scene.guest.instant_of(scene.files) == 0);
  scene.expect_nothing_left_at_source();
}

TEST_CASE("When the serving process is killed, the next one ends its backup, and a resume brings a later instant") {
  RunningScene scene;
  scene.run();
  auto teleport = scene.begin();
  scene.wait_for_half();
  scene.source.server().kill();
  CHECK(end_of(teleport).code == 10);
  CHECK(!fs::exists(scene.targets()[0]));
  CHECK(scene.backup_runs());
  scene.serve_again();
  scene.expect_nothing_left_at_source();
  resumed(scene);
}

TEST_CASE("When the connection is cut, both sides notice, and the source ends its backup by itself") {
  RunningScene scene;
  scene.run();
  auto teleport = scene.begin();
  scene.wait_for_half();
  scene.link->cut();
  CHECK(end_of(teleport).code == 10);
  CHECK(!fs::exists(scene.targets()[0]));
  scene.expect_nothing_left_at_source();
  scene.link->mend();
  resumed(scene);
}

TEST_CASE("When the destination is killed, the source ends its backup by itself") {
  RunningScene scene;
  scene.run();
  auto teleport = scene.begin();
  scene.wait_for_half();
  teleport.kill();
  CHECK(end_of(teleport).signal == SIGKILL);
  CHECK(!fs::exists(scene.targets()[0]));
  scene.expect_nothing_left_at_source();
  resumed(scene);
}

TEST_CASE("A daemon goes on by itself when the connection to a domain that runs is cut, and when it is killed") {
  RunningScene scene;
  scene.run();
  scene.destination.serve("127.0.0.1:0", "daemon");
  const base::Captured handed =
      scene.destination.jaunt(scene.words({"--detach", "--no-define", "--limit", RunningScene::kSlow}));
  REQUIRE_MESSAGE(handed.status.code == 0, handed.out);
  const std::string job = Json::parse(handed.out)["id"];
  scene.wait_for_half();
  scene.link->cut();
  REQUIRE(scene.destination.log_has("the next attempt is in"));
  scene.expect_nothing_left_at_source();
  scene.destination.server().kill();
  const std::size_t before = scene.guest.written();
  scene.link->mend();
  scene.destination.serve("127.0.0.1:0", "daemon");
  const auto receipt = [&] { return scene.destination.jaunt({"job", "show", "--receipt", job}); };
  REQUIRE(comes_true([&] { return receipt().status.code == 0; }, 2min));
  scene.expect_right_disks(before, scene.guest.written());
  const Json said = lines_of(receipt().out).at(0);
  CHECK(said["totals"]["attempts"].get<int>() >= 2);
  CHECK(said["totals"]["wire_bytes_received"].get<std::uint64_t>() >
        said["wire_bytes_received"].get<std::uint64_t>() + 4 * base::kMiB);
  scene.expect_good_source();
}

TEST_CASE("A destination that asks nothing more keeps the backup as long as it says that it is at work") {
  RunningScene scene({"JAUNT_SCRATCH_PATIENCE=3s"});
  scene.run();
  Sleeper sleeper(scene);
  REQUIRE(scene.backup_runs());
  for (int i = 0; i < 12; ++i) {
    std::this_thread::sleep_for(500ms);
    sleeper.conversation.tell_at_work();
  }
  CHECK(scene.backup_runs());
  CHECK(comes_true([&] { return !scene.backup_runs(); }, 15s));
  CHECK(scene.source.log_has("asked nothing"));
  scene.expect_good_source();
}
