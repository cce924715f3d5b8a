// A teleport killed at every named point, on both sides at once: nothing half visible, the source as it was, and the
// next attempt ends with the right disk and nothing left behind.
#include <cstdio>
#include <map>

#include "support/seed.hpp"
#include "support/teleport_scene.hpp"

using namespace jaunt;
using namespace jaunt::test_support;

namespace {

using testing::full_campaign;

using Points = std::map<std::string, unsigned>;  // how often a teleport comes by each, or was killed there

// The scene is made once; a target is teleported over and over again.
class Stage {
 public:
  Stage(const std::string& format, Points& kills) : format_(format), wanted_(content(scene_.wanted)), kills_(kills) {
    go_with({});
    summary_of(scene_.teleport({"--to", (scene_.here / "first").string()}));  // what is cached, is from now on
    scene_.jaunt({"catalog", "remove", (scene_.here / "first").string()});
    fs::remove(scene_.here / "first");
  }

  // How often a teleport comes by each point.
  Points points() {
    const fs::path trace = scene_.folder.path() / "trace";
    go_with({"JAUNT_TRACE_POINTS=" + trace.string()});
    summary_of(attempt());
    go_with({});
    Points points;
    std::ifstream lines(trace);
    for (std::string name; std::getline(lines, name);)
      ++points[name];
    check_target();
    begin_again();
    return points;
  }

  // Kills it there, and again when it goes on, then lets it end.
  void survive(const std::string& point, unsigned times, std::uint64_t again) {
    CAPTURE(point);
    CAPTURE(times);
    kill_at(point, times, [&] { return attempt(); });
    for (auto id = resumable(); id; id = resumable()) {
      const auto resume = [&] { return scene_.jaunt({"job", "resume", "--json", *id}); };
      if (again > 0)
        kill_at("tile proved", static_cast<unsigned>(std::exchange(again, 0)), resume);
      else
        summary_of(resume());
    }
    if (!fs::exists(target()))  // it had not yet begun, or was ended
      summary_of(attempt());
    check_target();
    scene_.jaunt({"describe", "--quick", "--format", "raw", scene_.base.string()});  // cleans up after the killed
    drop_forgotten_plan();
    scene_.expect_tidy();
    begin_again();
  }

 private:
  // One that was made, but that no job knew of when it was killed, stays until it expires.
  void drop_forgotten_plan() const {
    std::istringstream plans(scene_.jaunt({"plan", "--list", "--json"}).out);
    int forgotten = 0;
    for (std::string line; std::getline(plans, line); ++forgotten)
      scene_.jaunt({"plan", "--drop", Json::parse(line)["id"]});
    CHECK(forgotten <= 1);
  }

  void go_with(std::vector<std::string> environment) { scene_.more_environment = std::move(environment); }

  fs::path target() const { return scene_.here / ("wanted." + format_); }
  base::Captured attempt() const { return scene_.teleport({"--to", target().string()}); }

  template <typename Work>
  void kill_at(const std::string& point, unsigned times, const Work& work) {
    go_with({"JAUNT_KILL_AT=" + point + ":" + std::to_string(times)});
    const base::Captured killed = work();
    go_with({});
    REQUIRE((killed.status.signal == 9 || killed.status.success()));
    kills_[point] += killed.status.signal == 9 ? 1 : 0;
    if (fs::exists(target()))
      check_bytes();
    REQUIRE(content(scene_.wanted) == wanted_);
  }

  std::optional<std::string> resumable() const {
    for (const Json& job : scene_.jobs())
      if (job["resumable"] == true)
        return job["id"].get<std::string>();
    return std::nullopt;
  }

  void check_bytes() const {
    if (format_ == "raw") {
      REQUIRE(content(target()) == wanted_);
      return;
    }
    const auto compared =
        base::run({.argv = {"qemu-img", "compare", "-f", "raw", "-F", format_, scene_.wanted, target()},
                   .environment = {},
                   .confinement = std::nullopt},
                  std::chrono::minutes(1), base::ByteCount(base::kMiB));
    REQUIRE(compared.status.code == 0);
  }

  void check_target() const {
    REQUIRE(fs::exists(target()));
    check_bytes();
    REQUIRE(content(scene_.wanted) == wanted_);
  }

  void begin_again() const {
    scene_.jaunt({"catalog", "remove", target().string()});
    fs::remove(target());
  }

  TeleportScene scene_{1500};
  std::string format_;
  std::string wanted_;
  Points& kills_;
};

}  // namespace

TEST_CASE("A teleport killed at any named point leaves nothing half visible, and ends right when it goes on") {
  Points kills;
  testing::for_seeds(1, [&](std::mt19937_64& random) {
    for (const std::string format : {"raw", "qcow2"}) {
      Stage stage(format, kills);
      for (const auto& [name, times] : stage.points()) {
        if (random() % (full_campaign() ? 4 : format == "qcow2" ? 4 : 1) != 0)
          continue;
        stage.survive(name, 1U + static_cast<unsigned>(random() % times), random() % 3);
      }
    }
  });
  unsigned all = 0;
  for (const auto& [name, count] : kills)
    all += count;
  std::printf("campaign: %u kills of both sides at once, at %zu named points: no disk wrong or half visible\n", all,
              kills.size());
  CHECK(kills.size() >= 10);
  CHECK((!full_campaign() || all >= 100));
}
