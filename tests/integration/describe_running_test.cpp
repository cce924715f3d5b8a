// jaunt describe on a running domain: one instant through libvirt's backup, which ends however jaunt ends.
#include <chrono>
#include <filesystem>
#include <thread>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <signal.h>

#include "base/process.hpp"
#include "integration/hypervisor/test_domain.hpp"

using namespace jaunt;
using namespace jaunt::hypervisor;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

// A node of its own, which may read one folder.
struct Node {
  ImageFolder images;
  base::TemporaryDirectory home;
  std::string scratch = images / "scratch";

  base::Command command(std::vector<std::string> words) const {
    words.insert(words.begin(), JAUNT_PROGRAM);
    return {.argv = std::move(words),
            .environment = {"JAUNT_HOME=" + home.path().string(), "JAUNT_LIBVIRT_URI=" + test_uri(),
                            "JAUNT_IMAGES_FOLDERS=" + images.path().string(), "JAUNT_SCRATCH_FOLDER=" + scratch,
                            "JAUNT_APPLIANCE_FOLDER=/var/tmp/jaunt-test-appliance"},
            .confinement = std::nullopt};
  }
  base::Captured jaunt(std::vector<std::string> words) const {
    return base::run(command(std::move(words)), 10min, base::ByteCount(base::kMiB));
  }
};

// A domain that runs on a disk with a known content.
struct Running : Node {
  std::string disk = images.image("disk.raw", "raw", 64, 0x5a);
  TestDomain domain{"describe", images, disk_xml(disk, "raw", "vda")};

  Running() { domain.define().start(); }
  bool backup_runs() const {
    return run_program({"virsh", "-q", "-c", test_uri(), "backup-dumpxml", domain.name()}).status.success();
  }
  bool nothing_left() const {
    return !backup_runs() && fs::is_empty(home.path() / "jobs") && (!fs::exists(scratch) || fs::is_empty(scratch));
  }
  // A describe that has begun its backup.
  base::Child under_way() const {
    base::Child child = base::Child::start(command({"describe", domain.name()}), {});
    for (int i = 0; i < 600 && !backup_runs() && !child.poll(); ++i)
      std::this_thread::sleep_for(100ms);
    REQUIRE(backup_runs());
    return child;
  }
};

// A storage pool over the node's images.
struct Pool {
  std::string name = fmt::format("jaunt-test-pool-{}", ::getpid());
  explicit Pool(const Node& node) { virsh({"pool-create-as", name, "dir", "--target", node.images.path().string()}); }
  ~Pool() { run_program({"virsh", "-q", "-c", test_uri(), "pool-destroy", name}); }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
};

}  // namespace

TEST_CASE("A running domain is read as of one instant, nothing is elided and nothing is left") {
  const Running running;
  const base::Captured result = running.jaunt({"describe", "--json", running.domain.name()});
  INFO(result.err);
  REQUIRE(result.status.code == 0);
  const Json live = Json::parse(result.out);
  CHECK(live["hardware"]["state"] == "running");
  CHECK(live["disks"][0]["needed"] == 64 * base::kMiB);
  CHECK(live["disks"][0]["root"] == live["disks"][0]["carried_root"]);
  CHECK(running.nothing_left());

  virsh({"destroy", running.domain.name()});
  const base::Captured still = running.jaunt({"describe", "--json", running.domain.name()});
  INFO(still.err);
  REQUIRE(still.status.code == 0);
  CHECK(Json::parse(still.out)["hardware"]["state"] == "shut off");
  CHECK(Json::parse(still.out)["disks"][0]["root"] == live["disks"][0]["root"]);
}

TEST_CASE("The image of a running domain is busy, and the error names the domain") {
  const Running running;
  const base::Captured result = running.jaunt({"describe", "--format", "raw", running.disk});
  CHECK(result.status.code == 11);
  CHECK(result.err.find("jaunt describe " + running.domain.name()) != result.err.npos);
}

TEST_CASE("Ctrl-C ends the backup and leaves nothing") {
  const Running running;
  base::Child child = running.under_way();
  ::kill(child.pid(), SIGINT);
  const auto ended = child.wait_for(60s);
  REQUIRE(ended.has_value());
  CHECK(ended->code == 130);
  CHECK(running.nothing_left());
}

TEST_CASE("After a kill the next call ends the backup that was left") {
  const Running running;
  running.under_way().kill();
  CHECK(running.backup_runs());
  const base::Captured next = running.jaunt({"describe", "--quick", running.domain.name()});
  INFO(next.err);
  CHECK(next.status.code == 0);
  CHECK(next.err.find("cleaned up after a job that was killed") != next.err.npos);
  CHECK(running.nothing_left());
}

TEST_CASE("A volume is found by its pool, and what its first bytes pretend is not believed") {
  const Node node;
  node.images.image("plain.img", "raw", 16, 0x11);
  node.images.image("named.qcow2", "qcow2", 16, 0x11);
  // A raw disk to which its guest wrote a qcow2 header.
  node.images.image("sly.img", "qcow2", 16, 0x11);
  test_uri();
  const Pool pool(node);
  const auto root_of = [&](const std::string& volume) {
    const auto result = node.jaunt({"describe", "--json", pool.name + "/" + volume});
    INFO(result.err);
    REQUIRE(result.status.code == 0);
    return Json::parse(result.out)["disks"][0]["root"];
  };
  CHECK(root_of("plain.img") == root_of("named.qcow2"));
  const auto sly = node.jaunt({"describe", pool.name + "/sly.img"});
  CHECK(sly.status.code != 0);
  CHECK(sly.err.find("--format") != sly.err.npos);
  CHECK(node.jaunt({"describe", pool.name + "/absent.img"}).status.code != 0);
}
