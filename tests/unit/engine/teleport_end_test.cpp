// How a teleport ends: what its attempts took together, and until when it can be given up.
#include <fstream>

#include <doctest/doctest.h>

#include "engine/attempt_account.hpp"
#include "engine/target_disks.hpp"
#include "engine/teleport_report.hpp"
#include "support/failure.hpp"

using namespace jaunt;
using namespace jaunt::engine;
using namespace jaunt::test_support;
namespace fs = std::filesystem;

namespace {

struct Node {
  base::TemporaryDirectory folder;
  Home home{folder.path() / "home"};
  fs::path target = folder.path() / "web1.raw";
  std::string id;
  fs::path hidden;

  // A job with one target that it has begun.
  Node() {
    Job job = Job::begin(home, kTeleportKind, "web1");
    id = job.id();
    job.record(Requested{"{}"});
    hidden = folder.path() / (".web1.raw.jaunt-" + id);
    job.record(TemporaryMade{hidden.string()});
    std::ofstream(hidden) << "disk";
  }
  void record(const Record& record) const { Job::resume(home, id).record(record); }
  std::optional<base::ErrorKind> cancel() const {
    return kind_of_failure([&] { cancel_teleport(id, home); });
  }
};

TeleportSummary attempt_that_took(std::uint64_t wire) {
  TeleportSummary summary;
  summary.wire_sent = base::ByteCount(10);
  summary.wire_received = base::ByteCount(wire + 100);
  summary.bytes[model::SourceKind::wire] = base::ByteCount(wire);
  return summary;
}

}  // namespace

TEST_CASE(
    "The attempts at a job are counted together, also those that were killed, each with the last that it noted") {
  const Node node;
  {  // killed after its second note
    Job job = Job::resume(node.home, node.id);
    TeleportSummary grows = attempt_that_took(1000);
    AttemptAccount account(job, grows);
    account.note_end();
    grows = attempt_that_took(3000);
    account.note_end();
  }
  Job job = Job::resume(node.home, node.id);
  TeleportSummary summary = attempt_that_took(500);
  AttemptAccount account(job, summary);
  account.go_on_with(job.records());
  account.note_end();
  AttemptAccount third(job, summary);
  third.go_on_with(job.records());
  const AttemptTotals totals = third.totals();
  CHECK(totals.attempts == 3);
  CHECK(totals.wire_sent.value == 30);
  CHECK(totals.wire_received.value == 3100 + 600 + 600);
  CHECK(totals.bytes[model::SourceKind::wire].value == 4000);
  summary.totals = totals;
  CHECK(to_json(summary).find(R"("totals":{"attempts":3,"wire_bytes_received":4300)") != std::string::npos);
}

TEST_CASE("A teleport is given up until its first disk has its name, and then only gone on with") {
  const Node built;
  CHECK(!built.cancel());
  CHECK(!fs::exists(built.hidden));

  const Node proved;
  proved.record(StageDone{kProved});
  CHECK(!proved.cancel());
  CHECK(!fs::exists(proved.hidden));

  const Node visible;
  visible.record(StageDone{kProved});
  fs::rename(visible.hidden, visible.target);
  CHECK(visible.cancel() == base::ErrorKind::usage);
  CHECK(fs::exists(visible.target));
  CHECK(list_jobs(visible.home).at(0).resumable());
}

TEST_CASE("A file of somebody else in the place of a target that was not proved does not keep its job") {
  const Node node;
  std::ofstream(node.target) << "theirs";
  CHECK(!node.cancel());
  CHECK(fs::exists(node.target));
  CHECK(!fs::exists(node.hidden));
}
