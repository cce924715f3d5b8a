#include "engine/lease_keeper.hpp"

#include <doctest/doctest.h>

#include "chunkstore/store_gc.hpp"
#include "support/sample_plan.hpp"
#include "support/store_fixture.hpp"

using namespace jaunt;
using namespace jaunt::engine;
using chunkstore::Clock;
using namespace std::chrono_literals;

namespace {

// A plan that has leased ten blocks.
struct Leased {
  base::TemporaryDirectory folder{testing::quick_folder()};
  Home home{folder.path() / "home"};
  KeptPlans plans{home};
  chunkstore::Store store{home.path()};
  testing::Blocks blocks = testing::blocks_of(0, 10);
  model::Plan plan = test_support::sample_plan();

  explicit Leased(std::chrono::seconds lease) {
    testing::put(store, blocks);
    plan.realm = "default";
    plan.created = Clock::to_time_t(Clock::now());
    plan.lease_until = plan.created + lease.count();
    plans.keep(plan, {});
    chunkstore::Reference reference = lease_of(plan.id, plan.realm);
    reference.expires = Clock::from_time_t(plan.lease_until);
    store.references().refer(reference, blocks.sorted_ids());
  }
  void check_lease_ends(std::int64_t then) const {
    CHECK(plans.plan(plan.id).lease_until == then);
    REQUIRE(store.references().list().size() == 1);
    CHECK(store.references().list()[0].expires == Clock::from_time_t(then));
  }
  std::size_t kept_by_gc() const {
    base::Progress silent;
    collect_garbage(store, {}, silent);
    return count_here(store, blocks);
  }
};

}  // namespace

TEST_CASE("A plan in use is renewed whenever half an hour is left, by the clock it is told") {
  const Leased leased(3h);
  LeaseKeeper keeper(leased.home, leased.plan);
  const Clock::time_point end = Clock::from_time_t(leased.plan.lease_until);
  keeper.look(end - 31min);
  leased.check_lease_ends(leased.plan.lease_until);
  keeper.look(end - 29min);
  leased.check_lease_ends(leased.plan.lease_until + 31 * 60);
  keeper.look(end);
  leased.check_lease_ends(leased.plan.lease_until + 31 * 60);
  for (int hours = 1; hours < 100; ++hours) {
    keeper.look(end + hours * 30min);
    CHECK(leased.plans.plan(leased.plan.id).lease_until > Clock::to_time_t(end + hours * 30min + 29min));
  }
}

TEST_CASE("Blocks stay as long as the plan is used and longer than its lease was, and go when that has ended") {
  const Leased used(3s);
  const LeaseKeeper keeper(used.home, used.plan);
  const Leased unused(1s);
  const auto ends = std::max(used.plan.lease_until, unused.plan.lease_until);
  std::this_thread::sleep_until(Clock::from_time_t(ends) + 1s);
  CHECK(used.kept_by_gc() == 10);
  CHECK(unused.kept_by_gc() == 0);
}

TEST_CASE("A lease that had ended, and a plan that is dropped meanwhile, are not brought back") {
  const Leased ended(-1h);
  const LeaseKeeper keeper(ended.home, ended.plan);
  CHECK(ended.store.references().list().empty());
  CHECK(ended.plans.plan(ended.plan.id).lease_until == ended.plan.lease_until);

  const Leased dropped(1h);
  LeaseKeeper other(dropped.home, dropped.plan);
  dropped.plans.drop(dropped.plan.id);
  other.look(Clock::from_time_t(dropped.plan.lease_until) - 1min);
  CHECK(dropped.plans.list().empty());
  CHECK(dropped.store.references().list().empty());
}
