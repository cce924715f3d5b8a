// jaunt teleport as people use it: two homes on one machine.
#include <sys/mount.h>
#include <sys/stat.h>

#include "model/block_tree.hpp"
#include "support/skip.hpp"
#include "support/teleport_scene.hpp"

using namespace jaunt;
using namespace jaunt::test_support;

namespace {

// A filesystem of so many bytes.
class SmallDisk {
 public:
  SmallDisk(const fs::path& at, const std::string& size) : at_(at) {
    mounted_ = ::mount("tmpfs", at.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_)
      ::umount2(at_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  void resize(const std::string& size) const {
    REQUIRE(::mount("tmpfs", at_.c_str(), "tmpfs", MS_REMOUNT, ("size=" + size).c_str()) == 0);
  }

 private:
  fs::path at_;
  bool mounted_ = false;
};

std::uint64_t allocated(const fs::path& file) {
  struct stat status {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

base::Captured run(std::vector<std::string> words) {
  return base::run({.argv = std::move(words), .environment = {}, .confinement = std::nullopt},
                   std::chrono::minutes(5), base::ByteCount(base::kMiB));
}

}  // namespace

TEST_CASE("A teleported image is bit for bit the source's, and only what is nowhere here crosses the link") {
  const TeleportScene scene;
  const std::string before = content(scene.wanted);
  const Json summary = summary_of(scene.teleport());
  CHECK(content(scene.target()) == before);
  CHECK(content(scene.wanted) == before);
  CHECK(fs::status(scene.target()).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(allocated(scene.target()) <= before.size() - 50 * kBlock + 128 * 1024);
  const Json& bytes = summary["bytes_by_source"];
  CHECK(bytes["zero"] == 50 * kBlock);
  CHECK(bytes["base"] == 500 * kBlock);
  CHECK(bytes["local"] == 100 * kBlock);
  CHECK(bytes["store"] == 30 * kBlock);
  CHECK(bytes["wire"] == 600 * kBlock);
  CHECK(summary["repaired_tiles"] == 0);
  CHECK(summary["wire_bytes_received"].get<std::uint64_t>() < 600 * kBlock + 100'000);  // noise stays as it is
  CHECK(summary["wire_bytes_sent"].get<std::uint64_t>() < 20'000);
  CHECK(summary["disks"][0]["base"] == scene.base.string());
  scene.expect_tidy();

  // The next one of its kind finds all of it here.
  const Json again = summary_of(scene.teleport({"--rate", "10Mbit", "--to", (scene.here / "again.raw").string()}));
  CHECK(content(scene.here / "again.raw") == before);
  CHECK(again["bytes_by_source"]["wire"] == 0);
  CHECK(again["disks"][0]["base"] == scene.target().string());
}

TEST_CASE("Blocks that a disk has several times cross the link once, as the plan says") {
  const TeleportScene scene;
  const Blocks some = numbered(20'000, 500);
  image_of(scene.wanted, numbered(1, 100) + some + numbered(30'000, 300) + some + some);
  const Json plan = scene.plan(scene.wanted, {"--rate", "10Mbit"});
  CHECK(bytes_from(plan["sources"], "wire") == 1800 * kBlock);
  const Json summary = summary_of(scene.teleport({"--plan", plan["id"]}));
  CHECK(content(scene.target()) == content(scene.wanted));
  CHECK(summary["bytes_by_source"]["wire"] == 1800 * kBlock);
  const std::uint64_t sent =
      summary["wire_bytes_received"].get<std::uint64_t>() + summary["wire_bytes_sent"].get<std::uint64_t>();
  const std::uint64_t predicted = plan["forecast"]["wire"];
  MESSAGE("predicted ", predicted, ", both ways on the link ", sent);
  CHECK(predicted > 800 * kBlock);
  CHECK(predicted < sent * 102 / 100);
  CHECK(sent < predicted * 102 / 100);
}

TEST_CASE("A disk in thousands of pieces is put together right") {
  TeleportScene scene;
  Blocks blocks;
  for (std::uint64_t i = 0; i < 6000; ++i) {  // in place, of another image backwards, new, of the store, zero
    const std::array<std::uint64_t, 5> by_turns{i < 1000 ? i + 1 : 0, 5000 + 399 - i % 400, 10'000 + i, 7000 + i % 30,
                                                0};
    blocks.push_back(by_turns[i % 5]);
  }
  image_of(scene.wanted, blocks);
  const Json plan = scene.plan(scene.wanted, {"--rate", "1Mbit"});
  CHECK(plan["disks"][0]["runs"] > 4000);
  const Json summary = summary_of(scene.teleport({"--plan", plan["id"]}));
  CHECK(content(scene.target()) == content(scene.wanted));
  for (const char* source : {"base", "local", "store", "wire"}) {
    CAPTURE(source);
    CHECK(bytes_from(plan["sources"], source) == summary["bytes_by_source"][source]);
  }
}

TEST_CASE("A qcow2 target holds the same bytes") {
  const TeleportScene scene;
  const fs::path target = scene.here / "wanted.qcow2";
  summary_of(scene.teleport({"--to", target.string()}));
  CHECK(run({"qemu-img", "compare", "-f", "raw", "-F", "qcow2", scene.wanted, target}).status.code == 0);
  CHECK(run({"qemu-img", "check", "-f", "qcow2", target}).status.code == 0);
  CHECK(fs::status(target).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  scene.expect_tidy();
}

TEST_CASE("A plan that is kept is carried out, or refused when the source has changed since") {
  const TeleportScene scene;
  const std::string kept = scene.plan(scene.wanted)["id"];
  const std::string old = scene.plan(scene.wanted)["id"];
  const Json summary = summary_of(scene.teleport({"--plan", kept}));
  CHECK(content(scene.target()) == content(scene.wanted));
  CHECK(summary["bytes_by_source"]["wire"] == 600 * kBlock);

  image_of(scene.wanted, numbered(20'000, 500));
  const base::Captured changed = scene.teleport({"--plan", old, "--to", (scene.here / "new.raw").string()});
  CHECK(changed.status.code == 11);
  CHECK(error_of(changed)["cause"].get<std::string>().find("has changed") != std::string::npos);
  CHECK(!fs::exists(scene.here / "new.raw"));
  CHECK(scene.jobs().empty());
}

TEST_CASE("A base that is gone or changed when a plan is carried out costs bytes, and no wrong disk") {
  const TeleportScene scene;
  const std::string first = scene.plan(scene.wanted)["id"];
  fs::remove(scene.base);
  const base::Captured gone = scene.teleport({"--plan", first});
  CHECK(gone.status.code == 11);
  CHECK(error_of(gone)["cause"].get<std::string>().find("base.raw") != std::string::npos);
  const Json summary = summary_of(scene.teleport());
  CHECK(content(scene.target()) == content(scene.wanted));
  CHECK(summary["bytes_by_source"]["base"].get<std::uint64_t>() < 500 * kBlock);
  scene.jaunt({"plan", "--drop", first});
  scene.expect_tidy();
}

TEST_CASE("What exists is not overwritten, and what cannot be meant is named") {
  const TeleportScene scene;
  const auto refused = [&](std::vector<std::string> options, int code, const char* part) {
    const base::Captured result = scene.teleport(std::move(options));
    CAPTURE(result.out);
    CHECK(result.status.code == code);
    CHECK(error_of(result)["cause"].get<std::string>().find(part) != std::string::npos);
    CHECK(scene.jobs().empty());
  };
  std::ofstream(scene.target()) << "mine";
  refused({}, 2, "exists already");
  CHECK(content(scene.target()) == "mine");
  refused({"--to", "/nonexistent/folder/x.raw"}, 1, "no such folder");
  refused({"--plan", "20200101-000000-0000"}, 1, "no such plan");
  refused({"--to", (scene.here / "x").string(), "--to-format", "raw", "--rate", "fast"}, 2, "no rate");
}

TEST_CASE("A full disk is said, and the job goes on when there is room") {
  const TeleportScene scene;
  const SmallDisk disk(scene.here, "2m");
  JAUNT_SKIP_UNLESS(disk.mounted(), "no tmpfs can be mounted here");
  const base::Captured full = scene.teleport();
  CHECK(full.status.code == 15);
  const Json error = error_of(full);
  CHECK(error["remedy"].get<std::string>().find("make room") != std::string::npos);
  CHECK(!fs::exists(scene.target()));
  const auto jobs = scene.jobs();
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0]["resumable"] == true);
  disk.resize("64m");
  const Json summary = summary_of(scene.jaunt({"job", "resume", "--json", jobs[0]["id"]}));
  CHECK(summary["resumed"] == true);
  CHECK(content(scene.target()) == content(scene.wanted));
  scene.expect_tidy();
}

TEST_CASE("A job that was killed is shown, and can be given up without a trace") {
  TeleportScene scene;
  scene.more_environment = {"JAUNT_KILL_AT=tile proved:2"};
  CHECK(scene.teleport().status.signal == 9);
  scene.more_environment.clear();
  CHECK(!fs::exists(scene.target()));
  const auto jobs = scene.jobs();
  REQUIRE(jobs.size() == 1);
  const std::string id = jobs[0]["id"];
  const Json shown = Json::parse(scene.jaunt({"job", "show", "--json", id}).out);
  CHECK(shown["resumable"] == true);
  CHECK(shown["history"].size() >= 2);
  CHECK(scene.jaunt({"job", "cancel", id}).status.code == 0);
  scene.expect_tidy();
  CHECK(scene.jaunt({"job", "show", id}).status.code == 1);
  CHECK(scene.jaunt({"job", "resume", id}).status.code == 1);
}

TEST_CASE("A source that changed while its teleport was interrupted is planned again, and what fits is kept") {
  TeleportScene scene(3000);
  scene.more_environment = {"JAUNT_KILL_AT=tile proved:8"};
  CHECK(scene.teleport().status.signal == 9);
  scene.more_environment.clear();
  std::fstream file(scene.wanted, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(3000 * kBlock));
  file << "something else";
  file.close();
  const Json summary = summary_of(scene.jaunt({"job", "resume", "--json", scene.jobs().at(0)["id"]}));
  CHECK(content(scene.target()) == content(scene.wanted));
  CHECK(summary["kept_bytes"].get<std::uint64_t>() > 0);
  scene.expect_tidy();
}
