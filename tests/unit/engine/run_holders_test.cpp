#include "engine/run_holders.hpp"

#include <doctest/doctest.h>

#include "support/numbered_images.hpp"
#include "support/store_fixture.hpp"

using namespace jaunt;
using namespace jaunt::engine;
using model::SourceKind;
using model::SourceSet;
using sync::Origin;

namespace {

// A home that knows base.raw with blocks 1 to 100 and other.raw with 1001 to 1100, and stores 1 to 40, 1001 to 1010
// and 5001 to 5020.
struct Scene {
  base::TemporaryDirectory folder{"/var/tmp"};
  Home home{folder.path() / "home"};
  std::optional<Holdings> holdings;

  Scene() {
    for (const auto& [name, first] : {std::pair("base.raw", 1), std::pair("other.raw", 1001)})
      test_support::catalogue(home.path(), test_support::image_of(folder.path() / name, numbered(first, 100)), "raw");
    const chunkstore::Store store(home.path());
    for (const auto& [first, count] : {std::pair(1, 40), std::pair(1001, 10), std::pair(5001, 20)})
      testing::put(store, blocks(first, count));
    holdings.emplace(home, "default");
  }
  static test_support::Blocks numbered(std::uint64_t first, std::size_t count) {
    return test_support::numbered(first, count);
  }
  testing::Blocks blocks(std::uint64_t first, std::size_t count) const {
    const auto file = test_support::image_of(folder.path() / "some", numbered(first, count));
    const std::string bytes = base::read_text_file(file, base::ByteCount(base::kMiB));
    testing::Blocks result;
    const base::ByteView all = base::as_bytes(bytes);
    result.bytes.assign(all.begin(), all.end());
    for (std::size_t at = 0; at < bytes.size(); at += model::kBlockBytes)
      result.ids.push_back(testing::id_of(all.subspan(at, model::kBlockBytes)));
    return result;
  }
  std::size_t image(const std::string& name) const {
    const auto at =
        std::ranges::find(holdings->candidates(), (folder.path() / name).string(), &match::Candidate::name);
    REQUIRE(at != holdings->candidates().end());
    return static_cast<std::size_t>(at - holdings->candidates().begin());
  }
  sync::Run of_other(std::uint64_t first, std::uint64_t blocks, std::uint64_t at) const {
    return {.first = model::BlockIndex(first),
            .blocks = blocks,
            .origin = Origin::local,
            .spot = {1, {holdings->candidates()[image("other.raw")].layers.front(), at}}};
  }
};

std::vector<std::pair<SourceSet, std::uint64_t>> holders_of(const DiskFindings& findings) {
  std::vector<std::pair<SourceSet, std::uint64_t>> holders;
  findings.runs.each([&](const HeldRun& held) { holders.emplace_back(held.holders, held.run.blocks); });
  return holders;
}

}  // namespace

TEST_CASE_FIXTURE(Scene,
                  "A run that the store holds as well as an image has both as holders, and its ids are known") {
  const auto tree = holdings->layers().compose(holdings->layers().images()[image("base.raw")]);
  DiskFindings findings(folder.path());
  RunHolders holders(*holdings, &tree.view());
  holders.add({.first = model::BlockIndex(0), .blocks = 40, .origin = Origin::base, .spot = {}}, findings);
  holders.add({.first = model::BlockIndex(40), .blocks = 30, .origin = Origin::base, .spot = {}}, findings);
  holders.add({.first = model::BlockIndex(70), .blocks = 5, .origin = Origin::zero, .spot = {}}, findings);
  holders.add(of_other(75, 10, 0), findings);
  holders.add(of_other(85, 11, 0), findings);  // of which the store lacks the last
  holders.add({.first = model::BlockIndex(96), .blocks = 7, .origin = Origin::wire, .spot = {}}, findings);
  const SourceSet base_and_store{SourceKind::base, SourceKind::store};
  const SourceSet local_and_store{SourceKind::local, SourceKind::store};
  CHECK(holders_of(findings) == std::vector<std::pair<SourceSet, std::uint64_t>>{{base_and_store, 40},
                                                                                 {{SourceKind::base}, 30},
                                                                                 {{}, 5},
                                                                                 {local_and_store, 10},
                                                                                 {{SourceKind::local}, 11},
                                                                                 {{}, 7}});
  std::vector<model::BlockId> expected = blocks(1, 40).ids;
  const auto more = blocks(1001, 10).ids;
  expected.insert(expected.end(), more.begin(), more.end());
  const auto ids = findings.store_ids.map();
  CHECK(std::vector(ids.begin(), ids.end()) == expected);
}

TEST_CASE_FIXTURE(Scene, "A run of the store is held by it, and one that is gone from it by nobody") {
  const testing::Blocks stored = blocks(5001, 20);
  std::vector<chunkstore::Place> places(20);
  std::vector<model::BlockId> sorted = stored.sorted_ids();
  holdings->store_source().find(sorted, [&](std::size_t i, const chunkstore::Place& place) {
    places[static_cast<std::size_t>(std::ranges::find(stored.ids, sorted[i]) - stored.ids.begin())] = place;
  });
  const auto run = [&](std::uint64_t blocks) {
    return sync::Run{
        .first = model::BlockIndex(0), .blocks = blocks, .origin = Origin::local, .spot = {2, places[0]}};
  };
  DiskFindings findings(folder.path());
  RunHolders holders(*holdings, nullptr);
  holders.add(run(20), findings);
  holders.add(run(21), findings);  // its group has no more
  CHECK(holders_of(findings) ==
        std::vector<std::pair<SourceSet, std::uint64_t>>{{{SourceKind::store}, 20}, {{}, 21}});
  const auto ids = findings.store_ids.map();
  CHECK(std::vector(ids.begin(), ids.end()) == stored.ids);
  findings.runs.each(
      [&](const HeldRun& held) { CHECK(held.run.origin == (held.run.blocks == 20 ? Origin::local : Origin::wire)); });
}
