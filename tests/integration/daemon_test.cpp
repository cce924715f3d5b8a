// Jobs that the daemon carries out: interrupted on either side, several at once, given up.
#include <sys/socket.h>
#include <sys/un.h>

#include "integration/daemon_scene.hpp"
#include "support/seed.hpp"

using namespace jaunt;
using namespace jaunt::test_support;
using namespace std::chrono_literals;

namespace {

// The end of systemd's notifications.
struct NotifySocket {
  base::TemporaryDirectory folder;
  std::string path = (folder.path() / "notify").string();
  base::Fd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};

  NotifySocket() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(path.copy(address.sun_path, sizeof address.sun_path - 1) == path.size());
    REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  std::string next() const {
    std::string text(256, '\0');
    comes_true([&] {
      const auto got = ::recv(fd.get(), text.data(), text.size(), 0);
      if (got > 0)
        text.resize(static_cast<std::size_t>(got));
      return got > 0;
    });
    return text;
  }
};

}  // namespace

TEST_CASE("A daemon that is killed in the middle goes on by itself when it is begun again") {
  DaemonScene scene;
  const std::string job = scene.detach();
  scene.wait_for_half();
  scene.kill_daemon();
  CHECK(!fs::exists(scene.target));
  const std::uint64_t placed = scene.placed();
  scene.begin_daemon();
  scene.expect_right_end(job);
  const Json receipt = scene.receipt_of(job);
  CHECK(receipt["resumed"] == true);
  CHECK(receipt["kept_bytes"].get<std::uint64_t>() + 2 * 256 * kBlock > placed);
}

TEST_CASE("A source that is killed in the middle is called again until it answers") {
  const DaemonScene scene;
  const std::string job = scene.detach();
  scene.wait_for_half();
  scene.source.server().kill();
  REQUIRE(scene.destination.log_has("the next attempt is in"));
  REQUIRE(comes_true([&] { return scene.state_of(job) == "waiting"; }));
  CHECK(scene.jobs().at(0).contains("retry_at"));
  CHECK(scene.jobs().at(0)["failure"]["kind"] == "peer");
  scene.serve_again();
  scene.expect_right_end(job);
}

TEST_CASE("A detached job whose source does not answer yet is carried out when it does") {
  const DaemonScene scene;
  scene.source.stop();
  const std::string job = scene.detach({});
  REQUIRE(comes_true([&] { return scene.state_of(job) == "waiting"; }));
  CHECK(fs::is_empty(scene.here));
  scene.serve_again();
  scene.expect_right_end(job);
}

TEST_CASE("Two jobs run at once where two may, and the third begins when there is room") {
  const DaemonScene scene({"JAUNT_DAEMON_JOBS=2"});
  std::vector<std::string> ids;
  for (const char* name : {"a.raw", "b.raw", "c.raw"})
    ids.push_back(scene.detach_to(scene.here / name));
  const auto count = [&](const char* state) {
    return std::ranges::count_if(scene.jobs(), [&](const Json& job) { return job["state"] == state; });
  };
  CHECK(comes_true([&] { return count("running") == 2 && count("queued") == 1; }));
  for (const std::string& id : ids)
    REQUIRE(comes_true([&] { return scene.state_of(id) == "done"; }));
  for (const char* name : {"a.raw", "b.raw", "c.raw"})
    CHECK(content(scene.here / name) == content(scene.wanted));
}

TEST_CASE("A job that is cancelled while it runs leaves nothing, and nobody begins it again") {
  DaemonScene scene;
  const std::string job = scene.detach();
  scene.wait_for_half();
  const base::Captured cancelled = scene.destination.jaunt({"job", "cancel", "--json", job});
  CHECK_MESSAGE(cancelled.status.code == 0, cancelled.out, cancelled.err);
  CHECK(scene.nothing_left());
  CHECK(scene.destination.jaunt({"job", "cancel", job}).status.code == 1);
  scene.kill_daemon();
  scene.begin_daemon();
  std::this_thread::sleep_for(500ms);
  CHECK(scene.nothing_left());
}

TEST_CASE("A job that is cancelled at any moment is undone or done, and the exit code tells which") {
  const DaemonScene scene;
  const auto begin_again = [&] {
    CHECK(scene.destination.jaunt({"catalog", "remove", scene.target.string()}).status.code == 0);
    fs::remove(scene.target);
  };
  summary_of(scene.teleport());  // what is cached, is from now on
  begin_again();
  const auto began = std::chrono::steady_clock::now();
  summary_of(scene.teleport());
  const auto takes = std::chrono::steady_clock::now() - began;
  begin_again();
  int undone = 0;
  int done = 0;
  jaunt::testing::for_seeds(10, [&](std::mt19937_64& random) {
    const std::string job = scene.detach({});
    std::this_thread::sleep_for(takes * (random() % 120) / 100);
    const base::Captured cancelled = scene.destination.jaunt({"job", "cancel", "--json", job});
    INFO(cancelled.out << cancelled.err);
    if (cancelled.status.code == 0) {
      ++undone;
      CHECK(scene.nothing_left());
      return;
    }
    ++done;
    CHECK(cancelled.status.code == 2);
    CHECK(scene.state_of(job) == "done");
    CHECK(content(scene.target) == content(scene.wanted));
    begin_again();
  });
  MESSAGE(undone, " were undone, ", done, " were done");
}

TEST_CASE("A daemon that is asked to end stops its jobs, says so to systemd, and the next one goes on") {
  DaemonScene scene;
  scene.kill_daemon();
  const NotifySocket notify;
  scene.begin_daemon({"NOTIFY_SOCKET=" + notify.path});
  CHECK(notify.next() == "READY=1");
  const std::string job = scene.detach();
  scene.wait_for_half();
  scene.destination.server().terminate();
  const auto status = scene.destination.server().wait_for(20s);
  REQUIRE(status);
  CHECK(status->success());
  CHECK(notify.next() == "STOPPING=1");
  CHECK(!fs::exists(scene.destination.path() / "control.sock"));
  CHECK(scene.state_of(job) == "queued");
  CHECK(!fs::exists(scene.target));
  scene.begin_daemon();
  scene.expect_right_end(job);
}

TEST_CASE("A home has one daemon at a time") {
  const DaemonScene scene;
  const base::Captured second = scene.destination.jaunt({"daemon", "--json", "--listen", "127.0.0.1:0"});
  CHECK(second.status.code == 11);
  CHECK(scene.jobs().empty());
}
