#include "engine/job.hpp"

#include <fstream>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"

using namespace jaunt;
using namespace jaunt::engine;
namespace fs = std::filesystem;

namespace {

const MayCancel kAny = [](const std::vector<Record>&) {};

struct Node {
  base::TemporaryDirectory parent;
  Home home{parent.path() / "home"};
  fs::path temporary = parent.path() / "left behind";
  std::vector<BackupBegun> abandoned;

  // A job in a process of its own, which is killed after `steps`.
  template <class Steps>
  void killed_after(Steps&& steps) const {
    const pid_t child = ::fork();
    if (child == 0) {
      Job job = Job::begin(home, "describe", "web1");
      steps(job);
      ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
  }
  std::vector<Recovered> recover() {
    return engine::recover(home, [&](const BackupBegun& backup) { abandoned.push_back(backup); });
  }
  bool no_jobs() const { return fs::is_empty(home.jobs()); }
};

const BackupBegun kBackup{.connection = "test:///default", .domain = "uuid", .folder = "/s"};

}  // namespace

TEST_CASE("A job that finished leaves nothing and nothing to recover") {
  Node node;
  Job::begin(node.home, "describe", "web1").finish("done");
  CHECK(node.no_jobs());
  CHECK(node.recover().empty());
}

TEST_CASE("A job that is alive is left alone") {
  Node node;
  Job job = Job::begin(node.home, "describe", "web1");
  job.record(kBackup);
  CHECK(node.recover().empty());
  CHECK(node.abandoned.empty());
  CHECK(fs::exists(job.folder()));
}

TEST_CASE("After a kill the backup is abandoned, temporary files and the job's folder go away") {
  Node node;
  node.killed_after([&](Job& job) {
    job.record(TemporaryMade{.path = node.temporary.string()});
    fs::create_directories(node.temporary / "deep");
    std::ofstream(node.temporary / "deep/file") << "x";
    job.record(kBackup);
  });
  const auto recovered = node.recover();
  REQUIRE(recovered.size() == 1);
  CHECK(recovered[0].kind == "describe");
  CHECK(recovered[0].subject == "web1");
  CHECK(recovered[0].left.empty());
  CHECK(node.abandoned == std::vector<BackupBegun>{kBackup});
  CHECK_FALSE(fs::exists(node.temporary));
  CHECK(node.no_jobs());
  CHECK(node.recover().empty());
}

TEST_CASE("A backup that was ended before the kill is not touched again") {
  Node node;
  node.killed_after([&](Job& job) {
    job.record(kBackup);
    job.record(BackupEnded{.domain = kBackup.domain});
  });
  CHECK(node.recover().size() == 1);
  CHECK(node.abandoned.empty());
}

TEST_CASE("What cannot be cleaned up now is told, kept, and tried again") {
  Node node;
  node.killed_after([&](Job& job) { job.record(kBackup); });
  const auto refuse = [](const BackupBegun&) {
    throw base::Error(base::ErrorKind::hypervisor, "connect to", "libvirt", "it does not run");
  };
  const auto failed = recover(node.home, refuse);
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].left == std::vector<std::string>{"cannot connect to libvirt: it does not run"});
  CHECK_FALSE(node.no_jobs());
  CHECK(node.recover()[0].left.empty());
  CHECK(node.no_jobs());
}

TEST_CASE("A job killed in the middle of a record is recovered by the records before it") {
  Node node;
  node.killed_after([&](Job& job) {
    job.record(TemporaryMade{.path = node.temporary.string()});
    std::ofstream(node.temporary) << "x";
    std::ofstream(job.folder() / "journal", std::ios::app) << "torn";
  });
  CHECK(node.recover().size() == 1);
  CHECK_FALSE(fs::exists(node.temporary));
  CHECK(node.no_jobs());
}

TEST_CASE("A job killed before its journal existed is removed silently") {
  Node node;
  fs::create_directory(node.home.jobs() / "20260101-000000-0000");
  CHECK(node.recover().empty());
  CHECK(node.no_jobs());
}

TEST_CASE("A teleport that was killed stays until it is resumed or cancelled") {
  Node node;
  std::string id;
  {
    Job job = Job::begin(node.home, kTeleportKind, "web1");
    id = job.id();
    job.record(Requested{"{}"});
    std::ofstream(node.temporary) << "half";
    job.record(TemporaryMade{node.temporary.string()});
    CHECK_THROWS_AS(Job::resume(node.home, id), base::Error);  // it is alive
    CHECK_THROWS_AS(cancel_job(node.home, id, kAny), base::Error);
  }
  CHECK(node.recover().empty());
  CHECK(fs::exists(node.temporary));
  CHECK(list_jobs(node.home).at(0).resumable());
  {
    Job job = Job::resume(node.home, id);
    job.record(PlanChosen{.id = "plan", .own = false});
    CHECK(job.records().size() == 4);
  }
  CHECK(std::get<PlanChosen>(show_job(node.home, id).records.back()) == PlanChosen{.id = "plan", .own = false});
  CHECK_THROWS_AS(cancel_job(node.home, id, [](const auto&) { throw base::Cancelled{}; }), base::Cancelled);
  CHECK(fs::exists(node.temporary));
  cancel_job(node.home, id, kAny);
  CHECK(!fs::exists(node.temporary));
  CHECK(node.no_jobs());
  CHECK_THROWS_AS(Job::resume(node.home, id), base::Error);
}

TEST_CASE("A teleport that was killed before it was asked for anything, or after its end, is cleaned up") {
  Node node;
  { const Job job = Job::begin(node.home, kTeleportKind, "web1"); }
  {
    Job job = Job::begin(node.home, kTeleportKind, "web1");
    job.record(Requested{"{}"});
    job.record(JobFinished{"done"});
  }
  node.recover();
  CHECK(node.no_jobs());
}

TEST_CASE("Only jobs that can go on are resumed, and names that are none lead nowhere") {
  Node node;
  std::string id;
  { id = Job::begin(node.home, "describe", "web1").id(); }
  CHECK_THROWS_AS(Job::resume(node.home, id), base::Error);
  for (const char* wrong : {"", "..", "../jobs", "/", "20200101-000000-0000"})
    CHECK_THROWS_AS(show_job(node.home, wrong), base::Error);
}

TEST_CASE("A teleport that is over is remembered with its outcome, and only so many of them") {
  Node node;
  Job job = Job::begin(node.home, kTeleportKind, "web1");
  job.record(Requested{"{}"});
  job.record(AttemptFailed{.kind = "io", .what = "cannot", .remedy = {}});
  base::write_text_file(job.folder() / kReceiptName, "receipt");
  store_schedule(job.folder(), {});
  job.finish("failed");
  CHECK(node.no_jobs());
  const ShownJob shown = show_job(node.home, job.id());
  CHECK(shown.job.state() == "failed");
  CHECK(shown.job.failure->what == "cannot");
  CHECK_FALSE(shown.job.resumable());
  CHECK(shown.receipt == "receipt");
  CHECK_THROWS_AS(Job::resume(node.home, job.id()), base::Error);

  for (std::size_t i = 0; i < kFinishedJobsMax; ++i)
    fs::create_directory(node.home.finished() / fmt::format("20270101-000000-{:04x}", i));
  Job::begin(node.home, kTeleportKind, "web2").finish("done");
  const auto left = finished_jobs(node.home);
  CHECK(left.size() == kFinishedJobsMax);
  CHECK(left.front().id != job.id());
}

TEST_CASE("A job's state tells who will go on with it") {
  Node node;
  std::string id;
  fs::path folder;
  const auto state = [&] { return list_jobs(node.home).at(0).state(); };
  {
    const Job job = Job::begin(node.home, kTeleportKind, "web1");
    id = job.id();
    folder = job.folder();
    CHECK(state() == "running");
    CHECK(list_jobs(node.home).at(0).pid == ::getpid());
  }
  CHECK(state() == "interrupted");
  store_schedule(folder, {});
  CHECK(state() == "queued");
  const JobSchedule later{.wish = Wish::run, .failures = 2, .retry_at = 1795263300};
  store_schedule(folder, later);
  CHECK(load_schedule(folder) == later);
  CHECK(state() == "waiting");
  store_schedule(folder, {.wish = Wish::cancel, .failures = 0, .retry_at = 0});
  CHECK(state() == "cancelling");
  base::write_text_file(folder / kScheduleName, "\xff{\"failures\": \"many\"");
  CHECK(load_schedule(folder) == JobSchedule{});
  drop_schedule(folder);
  CHECK(state() == "interrupted");
}

TEST_CASE("Attempts come less often the more of them fail, up to five minutes, and never all at once") {
  std::minstd_rand random(1);
  const auto within = [&](unsigned failures, double seconds) {
    for (int i = 0; i < 100; ++i) {
      const std::chrono::duration<double> delay = retry_delay(failures, random);
      CHECK(delay.count() >= seconds * 0.79);
      CHECK(delay.count() <= seconds * 1.21);
    }
  };
  within(1, 1);
  within(2, 2);
  within(5, 16);
  within(10, 300);
  within(4'000'000'000, 300);
  CHECK(retry_delay(3, random) != retry_delay(3, random));
}
