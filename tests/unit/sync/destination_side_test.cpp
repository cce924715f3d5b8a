#include "sync/destination_side.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "support/difference_world.hpp"
#include "support/tree_fixture.hpp"

using namespace jaunt;
using base::ErrorKind;
namespace msg = transport;

namespace {

model::BlockId id_of(std::uint64_t number) {
  model::BlockId id;
  id.bytes.fill(std::byte(number * 37));
  std::memcpy(id.bytes.data() + 5, &number, sizeof number);
  return id;
}

// Stories of a disk whose block n has the id that a function names; 0 is a zero block.
struct Fixture {
  base::TemporaryDirectory folder{testing::quick_folder()};
  int made = 0;
  std::vector<std::unique_ptr<model::TreeFile>> trees;

  template <typename IdAt>
  const model::TreeView& tree(std::uint64_t blocks, const IdAt& number_at, const model::ExtentSet& elided = {}) {
    testing::BlockMap map;
    for (std::uint64_t block = 0; block < blocks; ++block)
      if (const std::uint64_t number = number_at(block))
        map[block] = id_of(number);
    const auto path = folder.path() / std::to_string(made++);
    testing::write_tree(path, blocks * 4096, map, elided);
    trees.push_back(std::make_unique<model::TreeFile>(path));
    return trees.back()->view();
  }

  static ErrorKind kind_of_failure(const std::function<void()>& story) {
    try {
      story();
    } catch (const base::Error& error) {
      return error.kind();
    }
    FAIL("it went well");
    return ErrorKind::usage;
  }
};

sync::Run run(std::uint64_t first, std::uint64_t blocks, sync::Origin origin, std::uint64_t place = 0) {
  return {model::BlockIndex(first), blocks, origin,
          origin == sync::Origin::local ? sync::Spot{0, {0, place}} : sync::Spot{}};
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "A disk that equals the base costs one hash") {
  const auto& wanted = tree(70000, [](std::uint64_t block) { return block + 1; });
  const testing::TreeSource nothing({});
  const auto found = testing::compare(wanted, {}, {&wanted, {&nothing}});
  CHECK(found.runs == std::vector{run(0, 70000, sync::Origin::base)});
  CHECK(found.traffic.answered.value < 600);
}

TEST_CASE_FIXTURE(Fixture, "Elided blocks read as zero although the base has the same bytes there") {
  model::ExtentSet elided;
  elided.insert({base::ByteOffset(100 * 4096), base::ByteCount(50 * 4096)});
  const auto& wanted = tree(
      1000, [](std::uint64_t block) { return block + 1; }, elided);
  const auto& base = tree(1000, [](std::uint64_t block) { return block + 1; });
  const testing::TreeSource source({&base});
  const auto found = testing::compare(wanted, elided, {&base, {&source}});
  CHECK(found.runs == std::vector{run(0, 100, sync::Origin::base), run(100, 50, sync::Origin::zero),
                                  run(150, 850, sync::Origin::base)});
  CHECK(found.awaiting.empty());
}

TEST_CASE_FIXTURE(Fixture, "A run elsewhere is found as one run, whatever its place, in a few bytes for each group") {
  const auto& wanted = tree(20000, [](std::uint64_t block) { return block + 1; });
  const auto& held = tree(30000, [](std::uint64_t block) { return block < 7003 ? 0 : block - 7002; });
  const testing::TreeSource source({&held});
  const auto found = testing::compare(wanted, {}, {nullptr, {&source}});
  CHECK(found.runs == std::vector{run(0, 20000, sync::Origin::local, 7003)});
  CHECK(found.awaiting.empty());
  CHECK(found.traffic.total().value < 20000 / 16 * 11);
}

TEST_CASE_FIXTURE(Fixture,
                  "Where nothing is held everything comes over the wire, for a mask and a hash in each MiB") {
  const auto& wanted = tree(20000, [](std::uint64_t block) { return block % 100 == 7 ? 0 : block + 1; });
  const auto found = testing::compare(wanted, {}, {});
  CHECK(found.runs.size() == 2 * 200 + 1);
  CHECK(found.awaiting.size() == (20000 + 255) / 256);
  CHECK(found.traffic.answered.value < found.awaiting.size() * 80);
}

TEST_CASE_FIXTURE(Fixture, "Blocks whose ids only begin like those that are held come over the wire") {
  const auto& wanted = tree(3000, [](std::uint64_t block) { return block + 1; });
  // From the fifth byte on an id has the number: those of every seventh block differ behind the first 64 bits.
  const auto& held = tree(
      3000, [](std::uint64_t block) { return block % 7 == 0 ? block + 1 + (std::uint64_t{1} << 40) : block + 1; });
  const testing::TreeSource source({&held});
  for (const model::TreeView* base : {static_cast<const model::TreeView*>(nullptr), &held}) {
    const auto found = testing::compare(wanted, {}, {base, {&source}});
    std::uint64_t missing = 0;
    for (const sync::Run& run : found.runs) {
      CHECK((run.origin == sync::Origin::wire) == (run.first.value % 7 == 0));
      missing += run.origin == sync::Origin::wire ? run.blocks : 0;
    }
    CHECK(missing == 3000 / 7 + 1);
  }
}

TEST_CASE_FIXTURE(Fixture, "Two disks are compared at the same time") {
  const auto& first = tree(300, [](std::uint64_t block) { return block + 1; });
  const auto& second = tree(500, [](std::uint64_t block) { return block + 1000; });
  sync::SourceSide source({{"vda", &first, {}}, {"vdb", &second, {}}});
  sync::DestinationSide destination;
  sync::Traffic traffic;
  sync::converse(destination, source, destination.hello(), traffic);
  testing::Difference a;
  testing::Difference b;
  auto questions = destination.compare(0, {}, a.findings());
  for (auto& question : destination.compare(1, {&second, {}}, b.findings()))
    questions.push_back(std::move(question));
  for (auto& question : destination.ask_samples(1))
    questions.push_back(std::move(question));
  sync::converse(destination, source, std::move(questions), traffic);
  CHECK(destination.idle());
  CHECK(a.runs == std::vector{run(0, 300, sync::Origin::wire)});
  CHECK(b.runs == std::vector{run(0, 500, sync::Origin::base)});
  CHECK(destination.samples(1).samples.size() == 500);
}

TEST_CASE_FIXTURE(Fixture, "An empty disk is told at once") {
  const auto& wanted = tree(0, [](std::uint64_t) { return 0; });
  CHECK(testing::compare(wanted, {}, {}).runs.empty());
}

TEST_CASE_FIXTURE(Fixture, "A second copy of an answer is no answer") {
  const auto& wanted = tree(300, [](std::uint64_t block) { return block + 1; });
  sync::SourceSide source({{"vda", &wanted, {}}});
  sync::DestinationSide destination;
  const auto welcome = source.answer(destination.hello().at(0));
  destination.receive(welcome);
  CHECK(kind_of_failure([&] { destination.receive(welcome); }) == ErrorKind::corrupt);
}

TEST_CASE_FIXTURE(Fixture,
                  "A source of another version is unsupported, and one that refuses is told with its reason") {
  sync::DestinationSide destination;
  const auto number = destination.hello().at(0).number;
  CHECK(kind_of_failure([&] { destination.receive({number, msg::Welcome{2, {}, {}}}); }) == ErrorKind::unsupported);
  sync::DestinationSide other;
  CHECK_THROWS_WITH_AS(other.receive({other.hello().at(0).number, msg::Refusal{ErrorKind::busy, "the disk is gone"}}),
                       doctest::Contains("the disk is gone"), base::Error);
}

TEST_CASE_FIXTURE(Fixture, "A base of another realm is incompatible") {
  const auto& wanted = tree(300, [](std::uint64_t block) { return block + 1; });
  testing::write_sparse(folder.path() / "image", base::Bytes(5000, std::byte{1}));
  testing::scan_file(folder.path() / "image",
                     {.tree_path = folder.path() / "keyed", .key = model::RealmKey{std::byte{1}}});
  const model::TreeFile keyed(folder.path() / "keyed");
  CHECK(kind_of_failure([&] { testing::compare(wanted, {}, {&keyed.view(), {}}); }) == ErrorKind::incompatible);
}
