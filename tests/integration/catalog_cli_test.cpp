// jaunt catalog as people use it, on real chains and real domains.
#include <chrono>
#include <set>
#include <thread>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <signal.h>

#include "integration/hypervisor/test_domain.hpp"
#include "support/seed.hpp"

using namespace jaunt;
using namespace jaunt::hypervisor;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

constexpr std::uint64_t kMiB = base::kMiB;

struct Node {
  ImageFolder images;
  base::TemporaryDirectory home;
  std::vector<std::string> environment{"JAUNT_HOME=" + home.path().string(),
                                       "JAUNT_IMAGES_FOLDERS=" + images.path().string(), "JAUNT_IMAGES_POOLS=false"};

  base::Captured jaunt(std::vector<std::string> words, std::vector<std::string> more = {}) const {
    words.insert(words.begin(), JAUNT_PROGRAM);
    more.insert(more.end(), environment.begin(), environment.end());
    return base::run({.argv = std::move(words), .environment = more, .confinement = std::nullopt}, 20min,
                     base::ByteCount(64 * base::kMiB));
  }
  Json ask(std::vector<std::string> words, int code = 0) const {
    words.push_back("--json");
    const base::Captured result = jaunt(words);
    INFO(result.out << result.err);
    REQUIRE(result.status.code == code);
    return Json::parse(result.out);
  }
  Json rescan(int code = 0) const { return ask({"catalog", "rescan", "--urgent"}, code); }
  Json list() const { return ask({"catalog", "list"}); }
  std::set<std::string> images_of(const std::string& domain) const {
    std::set<std::string> names;
    const Json listed = list();
    for (const Json& image : listed["images"])
      if (image["domain"] == domain)
        names.insert(image["name"].get<std::string>());
    return names;
  }
  void add_folder() const { REQUIRE(jaunt({"catalog", "add", images.path().string()}).status.code == 0); }

  std::string clone(const std::string& name, const std::string& base, int block) const {
    must_run({"qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", "raw", images / name});
    must_run({"qemu-io", "-f", "qcow2", "-c", fmt::format("write -P {} {}k 64k", 1 + block % 250, 64 * block),
              images / name});
    return images / name;
  }
  std::size_t leftovers() const {
    const fs::path scratch = home.path() / "trees" / "scratch";
    return fs::exists(scratch) ? static_cast<std::size_t>(std::distance(fs::directory_iterator(scratch), {})) : 0;
  }
  std::size_t trees() const {
    std::size_t count = 0;
    for (const auto& file : fs::directory_iterator(home.path() / "trees"))
      count += file.is_regular_file() ? 1 : 0;
    return count;
  }
};

struct Running {
  base::Child child;

  explicit Running(const Node& node, std::vector<std::string> words)
      : child(base::Child::start(
            {.argv = with_program(std::move(words)), .environment = node.environment, .confinement = {}}, {})) {}
  static std::vector<std::string> with_program(std::vector<std::string> words) {
    words.insert(words.begin(), JAUNT_PROGRAM);
    return words;
  }
};

template <typename Condition>
bool eventually(const Condition& condition) {
  for (int attempt = 0; attempt < 120; ++attempt) {
    if (condition())
      return true;
    std::this_thread::sleep_for(500ms);
  }
  return false;
}

}  // namespace

TEST_CASE_FIXTURE(Node, "A base under many thin clones is read once, and nothing is read twice") {
  const auto clones = static_cast<int>(testing::setting("JAUNT_TEST_CLONES", 24));
  const std::string base = images.image("base.raw", "raw", 64, 7);
  for (int i = 0; i < clones; ++i)
    clone(fmt::format("clone{}.qcow2", i), base, i % 1000);
  add_folder();
  const Json first = rescan();
  CHECK(first["images"] == clones + 1);
  CHECK(first["layers"] == clones + 1);
  CHECK(first["layers_read"] == clones + 1);
  CHECK(first["bytes_read"] == 64 * kMiB + static_cast<std::uint64_t>(clones) * 65536);
  const Json second = rescan();
  CHECK(second["images"] == clones + 1);
  CHECK(second["layers_read"] == 0);

  must_run({"qemu-io", "-f", "qcow2", "-c", "write -P 251 0 64k", images / "clone3.qcow2"});
  CHECK(rescan()["layers_read"] == 1);
  fs::remove(images / "clone3.qcow2");
  CHECK(rescan()["layers"] == clones);
  CHECK(trees() == static_cast<std::size_t>(clones));
}

TEST_CASE_FIXTURE(Node, "A rescan that is killed at any point goes on with what is missing, and leaves nothing") {
  const std::string base = images.image("base.raw", "raw", 8, 7);
  for (int i = 0; i < 4; ++i)
    clone(fmt::format("clone{}.qcow2", i), base, i);
  for (const char* point : {"catalog.scanned", "catalog.renamed", "catalog.remembered"}) {
    CAPTURE(point);
    add_folder();
    const auto killed = jaunt({"catalog", "rescan", "--urgent"}, {fmt::format("JAUNT_KILL_AT={}:3", point)});
    REQUIRE(killed.status.signal == SIGKILL);
    const Json rest = rescan();
    CHECK(rest["layers"] == 5);
    CHECK(rest["layers_read"] == (std::string(point) == "catalog.remembered" ? 2 : 3));
    CHECK(leftovers() == 0);
    CHECK(trees() == 5);
    REQUIRE(jaunt({"catalog", "remove", images.path().string()}).status.code == 0);
    CHECK(trees() == 0);
  }
}

TEST_CASE_FIXTURE(Node, "One rescan at a time follows what changes; another one is told who is at work") {
  images.image("one.raw", "raw", 1, 1);
  add_folder();
  Running follower(*this, {"catalog", "rescan", "--follow", "--urgent", "--quiet"});
  REQUIRE(eventually([&] { return list()["images"].size() == 1; }));
  const auto other = jaunt({"catalog", "rescan"});
  CHECK(other.status.code == 11);
  CHECK(other.err.find(std::to_string(follower.child.pid())) != other.err.npos);
  images.image("two.raw", "raw", 1, 2);
  CHECK(eventually([&] { return list()["images"].size() == 2; }));
  fs::remove(images / "one.raw");
  CHECK(eventually([&] { return list()["images"].size() == 1; }));
  follower.child.terminate();
  CHECK(follower.child.wait_for(30s)->code == 130);
}

TEST_CASE_FIXTURE(Node, "A domain's disk, its snapshot and their common base are known, also while it runs") {
  const std::string disk = images.image("disk.qcow2", "qcow2", 4, 3);
  TestDomain domain("catalog", images, disk_xml(disk, "qcow2", "vda"));
  domain.define();
  virsh({"snapshot-create-as", domain.name(), "before", "--disk-only", "--diskspec",
         fmt::format("vda,file={}", images / "after.qcow2")});
  REQUIRE(jaunt({"catalog", "add", test_uri()}).status.code == 0);
  // Other people's domains lie where this node may not look; that is told, and is not in the way.
  const auto first = jaunt({"catalog", "rescan", "--urgent"});
  INFO(first.out << first.err);
  const std::string now = domain.name() + " vda";
  CHECK(images_of(domain.name()) == std::set<std::string>{now, now + " @before"});
  std::uint64_t layers = 0;
  const Json still = list();
  for (const Json& layer : still["layers"])
    layers += layer["path"].get<std::string>().starts_with(images.path().string()) ? 1 : 0;
  CHECK(layers == 2);

  domain.start();
  domain.guest_writes(0, 9, "0 64k");
  jaunt({"catalog", "rescan", "--urgent"});
  CHECK(images_of(domain.name()).size() == 2);
  const Json running = list();
  for (const Json& layer : running["layers"])
    if (layer["path"] == images / "after.qcow2")
      CHECK(layer["state"] == "in use");
  virsh({"destroy", domain.name()});
  virsh({"start", domain.name()});  // no lock of ours is in its way
}

TEST_CASE_FIXTURE(Node, "A domain that is defined later is found by itself") {
  REQUIRE(jaunt({"catalog", "add", test_uri()}).status.code == 0);
  Running follower(*this, {"catalog", "rescan", "--follow", "--urgent", "--quiet"});
  TestDomain domain("late", images, disk_xml(images.image("late.qcow2", "qcow2", 4, 3), "qcow2", "vda"));
  domain.define();
  CHECK(eventually([&] { return images_of(domain.name()).size() == 1; }));
  follower.child.terminate();
  follower.child.wait_for(30s);
}

TEST_CASE_FIXTURE(Node, "What the configuration does not allow is refused, naming the key that would allow it") {
  const base::TemporaryDirectory elsewhere("/var/tmp");
  base::write_text_file(elsewhere.path() / "secret.raw", std::string(4096, 'x'));
  for (const std::string& what : {elsewhere.path().string(), (elsewhere.path() / "secret.raw").string()}) {
    const auto refused = jaunt({"catalog", "add", what});
    CHECK(refused.status.code == 12);
    CHECK(refused.err.find("images.folders") != refused.err.npos);
  }
  must_run({"qemu-img", "create", "-q", "-f", "qcow2", "-b", (elsewhere.path() / "secret.raw").string(), "-F", "raw",
            images / "thief.qcow2"});
  add_folder();
  const Json summary = rescan(3);
  CHECK(summary["images"] == 0);
  CHECK(summary["problems"][0].get<std::string>().find("secret.raw") != std::string::npos);
  const auto described = jaunt({"describe", "--quick", (elsewhere.path() / "secret.raw").string()});
  CHECK(described.status.code == 12);
  CHECK(described.err.find("images.folders") != described.err.npos);
}

TEST_CASE_FIXTURE(Node, "Realms are apart, an image can be left out, and what is removed is gone") {
  images.image("one.raw", "raw", 1, 1);
  images.image("two.raw", "raw", 1, 2);
  add_folder();
  REQUIRE(jaunt({"catalog", "add", "--realm", "lab", images / "one.raw"}).status.code == 0);
  CHECK(rescan()["layers"] == 3);
  CHECK(trees() == 3);
  REQUIRE(jaunt({"catalog", "remove", images / "two.raw"}).status.code == 0);
  CHECK(rescan()["images"] == 2);
  CHECK(trees() == 2);
  REQUIRE(jaunt({"catalog", "remove", "--realm", "lab"}).status.code == 0);
  CHECK(trees() == 1);
  CHECK(jaunt({"catalog", "remove", "--realm", "lab", images / "one.raw"}).status.code == 1);
  CHECK(jaunt({"catalog", "remove"}).status.code == 2);
  CHECK(jaunt({"catalog", "add", "--realm", "a/b", images / "one.raw"}).status.code == 2);
  CHECK(jaunt({"catalog", "add", "qemu+ssh://elsewhere/system"}).status.code == 2);
}

TEST_CASE_FIXTURE(Node, "A truncated image is told as a problem, and the others are known all the same") {
  images.image("one.raw", "raw", 1, 1);
  fs::resize_file(images.image("two.qcow2", "qcow2", 1, 2), 100);
  add_folder();
  const Json summary = rescan(3);
  CHECK(summary["images"] == 1);
  CHECK(summary["problems"].size() == 1);
  CHECK(summary["problems"][0].get<std::string>().find("two.qcow2") != std::string::npos);
}
