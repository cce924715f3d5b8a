// Machines of libvirt that are pushed to a paired node, while they run and write, or are started meanwhile.
#include <csignal>

#include "integration/running_scene.hpp"

using namespace jaunt;
using namespace jaunt::hypervisor;
using namespace jaunt::test_support;
using namespace std::chrono_literals;

namespace {

// The destination serves, and the source dials it through a link that can be cut.
struct PushedScene : RunningScene {
  std::optional<CutLink> to_destination;

  PushedScene() {
    destination.jaunt({"node", "grant", "storage", "receive"});
    for (const char* setting : {"JAUNT_RECEIVE_DEFINE=true", "JAUNT_RECEIVE_START=true"})
      destination.more_environment.emplace_back(setting);
    destination.more_environment.push_back("JAUNT_RECEIVE_FOLDERS=" + here.string());
    destination.serve();
    to_destination.emplace(destination.port());
  }
  ~PushedScene() {
    for (const char* verb : {"destroy", "undefine"})
      run_program({"virsh", "-q", "-c", test_uri(), verb, copy()});
  }
  PushedScene(const PushedScene&) = delete;
  PushedScene& operator=(const PushedScene&) = delete;

  std::vector<std::string> push_words(const std::vector<std::string>& options = {"--limit", kSlow}) const {
    std::vector<std::string> all{"teleport", "--json", "--push", fmt::format("127.0.0.1:{}", to_destination->port()),
                                 "--as",     copy(),   "--to",   here.string() + "/"};
    all.insert(all.end(), options.begin(), options.end());
    all.push_back(domain.name());
    return all;
  }
  base::Child begin_push() const { return source.begin(push_words(), output()); }

  // What the same push ends with after one that was interrupted: a later instant.
  void push_again() {
    const std::size_t before = guest.written();
    const Json summary = summary_of(source.jaunt(push_words({"--rate", "100Mbit"})));
    expect_right_disks(before, guest.written());
    CHECK(summary["resumed"] == true);
    CHECK(summary["kept_bytes"].get<std::uint64_t>() > 4 * base::kMiB);
    expect_good_source();
    CHECK(virsh({"domstate", copy()}).starts_with("shut off"));
  }
};

base::ExitStatus end_of(base::Child& child) {
  const auto status = child.wait_for(3min);
  REQUIRE(status);
  return *status;
}

}  // namespace

TEST_CASE("A domain that writes all the while is pushed as of one instant, and runs there") {
  PushedScene scene;
  scene.run();
  REQUIRE(comes_true([&] { return scene.guest.written() > 20; }));
  const std::size_t before = scene.guest.written();
  const Json summary = summary_of(scene.source.jaunt(scene.push_words({"--rate", "100Mbit"})));
  scene.expect_right_disks(before, scene.guest.written());
  CHECK(summary["instant"]["frozen"] == false);
  CHECK(summary["domain"]["name"] == scene.copy());
  CHECK(summary["bytes_by_source"]["base"].get<std::uint64_t>() > 500 * kBlock);
  scene.expect_good_source();
  virsh({"start", scene.copy()});
  CHECK(virsh({"domstate", scene.copy()}).starts_with("running"));
}

TEST_CASE("A domain that is shut off is pushed, defined and started there") {
  const PushedScene scene;
  const Json summary = summary_of(scene.source.jaunt(scene.push_words({"--start"})));
  CHECK(summary["domain"]["started"] == true);
  CHECK(virsh({"domstate", scene.copy()}).starts_with("running"));
  CHECK(virsh({"domstate", scene.domain.name()}).starts_with("shut off"));
  scene.expect_right_disks(0, 0);
  scene.expect_nothing_left_at_source();
}

TEST_CASE("When the link of a push is cut, the source ends its backup, and the same push brings a later instant") {
  PushedScene scene;
  scene.run();
  auto pushing = scene.begin_push();
  scene.wait_for_half();
  scene.to_destination->cut();
  CHECK(end_of(pushing).code == 10);
  CHECK(!fs::exists(scene.targets()[0]));
  scene.expect_nothing_left_at_source();
  scene.to_destination->mend();
  scene.push_again();
}

TEST_CASE("When the source of a push is killed, the same push ends its backup and brings a later instant") {
  PushedScene scene;
  scene.run();
  auto pushing = scene.begin_push();
  scene.wait_for_half();
  pushing.kill();
  CHECK(end_of(pushing).signal == SIGKILL);
  CHECK(!fs::exists(scene.targets()[0]));
  CHECK(scene.guest.writes());
  scene.push_again();
}

TEST_CASE("A domain that is started while it is pushed is read again, as one that runs") {
  PushedScene scene;
  auto pushing = scene.begin_push();
  REQUIRE(comes_true([&] { return scene.placed() > (1000 + scene.kOfNobody) * kBlock / 2; }));
  scene.run();
  REQUIRE(comes_true([&] { return scene.guest.written() > 5; }));
  CHECK(end_of(pushing).code == 0);
  CHECK(scene.said().find("it is planned again") != std::string::npos);
  scene.expect_right_disks(0, scene.guest.written());
  scene.expect_good_source();
}
