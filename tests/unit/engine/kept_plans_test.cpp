#include "engine/kept_plans.hpp"

#include <ctime>

#include <doctest/doctest.h>

#include "support/failure.hpp"
#include "support/sample_plan.hpp"

using namespace jaunt;
using namespace jaunt::engine;
using test_support::failure_of;
namespace fs = std::filesystem;

namespace {

struct Fixture {
  base::TemporaryDirectory folder;
  Home home{folder.path() / "home"};
  KeptPlans plans{home};

  model::Plan kept(std::int64_t lease_until) const {
    model::Plan plan = test_support::sample_plan();
    plan.created = lease_until - 3600;
    plan.lease_until = lease_until;
    const base::File runs = base::unnamed_file(folder.path());
    runs.write_all(base::ByteOffset(0), model::encode(list()));
    plans.keep(plan, {&runs});
    return plan;
  }
  static model::RunList list() {
    return {
        .size = base::ByteCount(3 * model::kBlockBytes),
        .layers = 1,
        .runs = {{.source = model::SourceKind::wire, .blocks = 2}, {.source = model::SourceKind::store, .blocks = 1}},
        .store_ids = {model::BlockId{}}};
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "A plan is kept with its runs under an id of its own, until it is dropped") {
  const model::Plan plan = kept(std::time(nullptr) + 3600);
  CHECK(plan.id != test_support::sample_plan().id);
  CHECK(plans.plan(plan.id) == plan);
  CHECK(model::decode_run_list(base::MappedFile(home.path() / "plans" / plan.id / "0.runs").bytes()) == list());
  CHECK(plans.list() == std::vector{plan});
  plans.drop(plan.id);
  CHECK(failure_of([&] { plans.plan(plan.id); }).kind() == base::ErrorKind::not_found);
  CHECK(plans.list().empty());
}

TEST_CASE_FIXTURE(Fixture, "What a plan takes from the store is each id once, whatever disk it is for") {
  model::Plan plan = test_support::sample_plan();
  plan.disks.resize(2);
  model::RunList more = list();
  more.runs.back().blocks = 3;
  more.size = base::ByteCount(5 * model::kBlockBytes);
  more.store_ids = {{{std::byte{9}}}, {}, {{std::byte{2}}}};
  std::vector<base::File> files;
  for (const model::RunList& runs : {list(), more}) {
    files.push_back(base::unnamed_file(folder.path()));
    files.back().write_all(base::ByteOffset(0), model::encode(runs));
  }
  plans.keep(plan, {&files[0], &files[1]});
  auto ids = plans.store_ids(plan);
  const auto all = ids.map();
  CHECK(std::vector(all.begin(), all.end()) == std::vector<model::BlockId>{{}, {{std::byte{2}}}, {{std::byte{9}}}});
}

TEST_CASE_FIXTURE(Fixture, "Dropping a plan releases what was promised for it, and nothing else") {
  const model::Plan plan = kept(std::time(nullptr) + 3600);
  const model::Plan other = kept(std::time(nullptr) + 3600);
  const chunkstore::Store store(home.path());
  for (const std::string& id : {plan.id, other.id}) {
    auto lease = lease_of(id, "default");
    lease.expires = chunkstore::Clock::now() + std::chrono::hours(1);
    store.references().refer(lease, std::vector{model::BlockId{}});
  }
  plans.drop(plan.id);
  REQUIRE(store.references().list().size() == 1);
  CHECK(store.references().list()[0].name == lease_of(other.id, "default").name);
}

TEST_CASE_FIXTURE(Fixture, "A plan goes away by itself a week after its lease has ended") {
  const std::int64_t day = 24 * 3600;
  const model::Plan old = kept(std::time(nullptr) - 8 * day);
  const model::Plan young = kept(std::time(nullptr) - 6 * day);
  plans.remove_expired();
  CHECK(plans.list() == std::vector{young});
}

TEST_CASE_FIXTURE(Fixture, "An id cannot lead out of the folder of plans") {
  for (const char* id : {"", ".", "..", "../jobs", "/etc", "a/b", "ab\n"})
    CHECK(failure_of([&] { plans.plan(id); }).kind() == base::ErrorKind::not_found);
}

TEST_CASE_FIXTURE(Fixture, "A plan whose runs were altered is refused") {
  const model::Plan plan = kept(std::time(nullptr));
  const fs::path file = home.path() / "plans" / plan.id / "0.runs";
  std::string bytes = base::read_text_file(file, base::ByteCount(base::kMiB));
  bytes[20] ^= 1;
  base::write_text_file(file, bytes);
  CHECK(failure_of([&] { plans.runs(plan.id, 0); }).kind() == base::ErrorKind::corrupt);
}

TEST_CASE_FIXTURE(Fixture, "What a killed planner left half made goes after a day") {
  kept(std::time(nullptr) + 3600);
  for (const auto& [name, age] :
       {std::pair(".old", std::chrono::hours(25)), std::pair(".young", std::chrono::hours(1))}) {
    fs::create_directories(home.path() / "plans" / name);
    fs::last_write_time(home.path() / "plans" / name, fs::file_time_type::clock::now() - age);
  }
  plans.remove_expired();
  CHECK_FALSE(fs::exists(home.path() / "plans/.old"));
  CHECK(fs::exists(home.path() / "plans/.young"));
  CHECK(plans.list().size() == 1);
}
