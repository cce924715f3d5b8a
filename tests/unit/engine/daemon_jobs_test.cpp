#include "engine/daemon_jobs.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/error.hpp"
#include "engine/job.hpp"
#include "engine/target_disks.hpp"

using namespace jaunt;
using namespace jaunt::engine;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr const char* kDone = R"(echo '{"type":"summary"}')";

// A daemon's jobs whose attempts are a shell's script.
struct Scene {
  base::TemporaryDirectory folder;
  Home home{folder.path() / "home"};
  Config config;
  base::Progress silent;
  Workplace workplace{.home = home, .config = config, .progress = silent, .cancel = {}};
  std::vector<std::string> told;
  std::vector<std::string> last;  // lines
  std::size_t most_at_once = 0;
  std::string script = kDone;
  DaemonJobs jobs{{.at_once = 2,
                   .attempt =
                       [this](const std::string& id) {
                         return base::Command{.argv = {"sh", "-c", script, id},
                                              .environment = {"SCRATCH=" + folder.path().string()},
                                              .confinement = std::nullopt};
                       },
                   .watch = {.heard = [this](const std::string&, const std::string& line,
                                             bool is_last) { (is_last ? last : told).push_back(line); },
                             .log = [](const std::string&) {}}},
                  workplace};

  // That an earlier daemon had.
  std::string left_behind() const {
    Job job = Job::begin(home, kTeleportKind, "web1");
    store_schedule(job.folder(), {});
    job.record(Requested{"{}"});
    return job.id();
  }
  template <class Condition>
  bool turn_until(const Condition& condition) {
    for (const auto end = DaemonJobs::Clock::now() + 20s; DaemonJobs::Clock::now() < end;) {
      PollSet set;
      jobs.watch(set);
      set.wait(10ms);
      jobs.tick(DaemonJobs::Clock::now());
      most_at_once = std::max(most_at_once, jobs.running());
      if (condition())
        return true;
    }
    return false;
  }
};

}  // namespace

TEST_CASE("Jobs of an earlier daemon are gone on with, so many at once as may be") {
  Scene scene;
  scene.script = std::string("sleep 0.2; echo garbage; ") + kDone;
  for (int i = 0; i < 5; ++i)
    scene.left_behind();
  scene.jobs.load();
  CHECK(scene.jobs.waiting() == 5);
  REQUIRE(scene.turn_until([&] { return scene.last.size() == 5; }));
  CHECK(scene.most_at_once == 2);
  CHECK(scene.jobs.running() == 0);
}

TEST_CASE("An attempt that crashes is followed by another one, and its failures are remembered over a restart") {
  Scene scene;
  scene.script = fmt::format("test -e $SCRATCH/again || {{ touch $SCRATCH/again; kill -9 $$; }}; {}", kDone);
  const std::string id = scene.left_behind();
  scene.jobs.load();
  REQUIRE(scene.turn_until([&] { return !scene.told.empty(); }));
  CHECK(scene.told.back().find("signal 9; the next attempt is in") != std::string::npos);
  CHECK(load_schedule(scene.home.jobs() / id)->failures == 1);
  REQUIRE(scene.turn_until([&] { return !scene.last.empty(); }));
  CHECK(scene.last.back() == fmt::format(R"({{"type":"summary","job":"{}"}})", id));
  CHECK(scene.jobs.last_line(id) == scene.last.back());
}

TEST_CASE("A job whose schedule cannot be written is tried again, and the others with it") {
  Scene scene;
  scene.script = fmt::format(
      "test -e $SCRATCH/again$0 || {{ touch $SCRATCH/again$0; cd $SCRATCH/home/jobs/$0; rm schedule.json; mkdir "
      "schedule.json; kill -9 $$; }}; {}",
      kDone);
  for (int i = 0; i < 2; ++i)
    scene.left_behind();
  scene.jobs.load();
  CHECK(scene.turn_until([&] { return scene.last.size() == 2; }));
  CHECK(scene.told.size() == 2);
}

TEST_CASE("What only a person can mend is told once, and not tried again") {
  Scene scene;
  scene.script = R"(echo '{"type":"error","kind":"auth","cause":"no"}'; exit 12)";
  const std::string id = scene.left_behind();
  scene.jobs.load();
  REQUIRE(scene.turn_until([&] { return !scene.last.empty(); }));
  CHECK(scene.last.back().find(R"("kind":"auth")") != std::string::npos);
  CHECK(!scene.jobs.has(id));
  CHECK(list_jobs(scene.home).at(0).state() == "interrupted");
}

TEST_CASE("A job is stopped to be resumed, or given up, while it runs and while it waits") {
  Scene scene;
  scene.script = "exec sleep 60";
  const std::string held = scene.left_behind();
  const std::string cancelled = scene.left_behind();
  const std::string queued = scene.left_behind();
  scene.jobs.load();
  REQUIRE(scene.turn_until([&] { return scene.jobs.running() == 2; }));
  CHECK_THROWS_AS(scene.jobs.hold("20200101-000000-0000"), base::Error);
  for (const std::string& id : {held, queued})
    scene.jobs.hold(id);
  scene.jobs.cancel(cancelled);
  CHECK(load_schedule(scene.home.jobs() / cancelled)->wish == Wish::cancel);
  REQUIRE(scene.turn_until([&] { return scene.last.size() == 3; }));
  const std::vector<ListedJob> left = list_jobs(scene.home);
  CHECK(left.size() == 2);
  for (const ListedJob& job : left)
    CHECK(job.state() == "interrupted");
  scene.script = kDone;
  scene.jobs.resume(held);
  REQUIRE(scene.turn_until([&] { return scene.last.size() == 4; }));
}

TEST_CASE("A job that is given up when its disk has its name already is ended instead") {
  Scene scene;
  const std::string id = scene.left_behind();
  const fs::path hidden = scene.folder.path() / (".web1.raw.jaunt-" + id);
  {
    Job job = Job::resume(scene.home, id);
    job.record(TemporaryMade{hidden.string()});
    job.record(StageDone{kProved});
  }
  base::write_text_file(scene.folder.path() / "web1.raw", "disk");
  scene.jobs.load();
  scene.jobs.cancel(id);
  REQUIRE(scene.turn_until([&] { return !scene.last.empty(); }));
  CHECK(scene.last.back().find(R"("type":"summary")") != std::string::npos);
}

TEST_CASE("Jobs that drain stay for the next daemon") {
  Scene scene;
  scene.script = "exec sleep 60";
  const std::string id = scene.left_behind();
  scene.jobs.load();
  REQUIRE(scene.turn_until([&] { return scene.jobs.running() == 1; }));
  scene.jobs.drain();
  REQUIRE(scene.turn_until([&] { return scene.jobs.running() == 0; }));
  CHECK(scene.last.empty());
  CHECK(load_schedule(scene.home.jobs() / id) == JobSchedule{});
}
