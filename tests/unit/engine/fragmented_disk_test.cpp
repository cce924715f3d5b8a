// Disks in very many pieces: what is found of them and planned for them does not lie in memory.
#include <charconv>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "engine/kept_plans.hpp"
#include "engine/plan_costs.hpp"
#include "engine/spilled_list.hpp"
#include "support/quick_folder.hpp"

using namespace jaunt;
using namespace jaunt::engine;

namespace {

// Of this process, in bytes: what no file is behind.
std::uint64_t anonymous_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("RssAnon:"))
      return std::stoull(line.substr(8)) * 1024;
  FAIL("the kernel does not tell of anonymous memory");
  return 0;
}

// Blocks by turns: of the wire, of a layer backwards, of the store, zero.
HeldRun run_of(std::uint64_t number) {
  const model::BlockIndex first(number);
  switch (number % 4) {
    case 0:
      return {.run = {.first = first, .blocks = 1, .origin = sync::Origin::wire, .spot = {}}};
    case 1:
      return {.run = {.first = first,
                      .blocks = 1,
                      .origin = sync::Origin::local,
                      .spot = {1, {7, 1'000'000'000 - number}}},
              .holders = {model::SourceKind::local}};
    case 2:
      return {.run = {.first = first, .blocks = 1, .origin = sync::Origin::local, .spot = {2, {0, number}}},
              .holders = {model::SourceKind::store}};
    default:
      return {.run = {.first = first, .blocks = 1, .origin = sync::Origin::zero, .spot = {}}};
  }
}

model::BlockId id_of(std::uint64_t number) {
  model::BlockId id;
  for (std::size_t i = 0; i < 8; ++i)
    id.bytes[7 - i] = std::byte(number >> 8 * i);
  return id;
}

// Adds a run to what was found of a disk that is in many pieces.
void add(DiskFindings& findings, std::uint64_t number) {
  const HeldRun held = run_of(number);
  findings.runs.add(held);
  if (held.run.origin == sync::Origin::zero)
    findings.survey.add_zero(base::ByteCount(model::kBlockBytes));
  else
    findings.survey.add_run(1, 1, held.holders);
  if (held.holders.contains(model::SourceKind::store))
    findings.store_ids.add(id_of(number));
}

}  // namespace

TEST_CASE("A list is walked, any number of times, as it was written, and seen in one piece") {
  const base::TemporaryDirectory folder(testing::quick_folder());
  const std::size_t some = SpilledList<std::uint64_t>::kBuffered;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, some - 1, some, some + 1, 3 * some + 7}) {
    CAPTURE(size);
    SpilledList<std::uint64_t> list(folder.path());
    std::vector<std::uint64_t> expected;
    for (std::uint64_t i = 0; i < size; ++i) {
      list.add(i * i);
      expected.push_back(i * i);
    }
    CHECK(list.size() == size);
    for (int round = 0; round < 2; ++round) {
      std::vector<std::uint64_t> read;
      list.each([&](std::uint64_t number) { read.push_back(number); });
      CHECK(read == expected);
    }
    const auto all = list.map();
    CHECK(std::vector(all.begin(), all.end()) == expected);
    SpilledList<std::uint64_t>::Walk walk(list);
    CHECK(walk.next().has_value() == (size != 0));
  }
}

TEST_CASE("A disk in two million pieces is planned and kept in some MiB of memory") {
  const base::TemporaryDirectory folder("/var/tmp");
  const Home home(folder.path() / "home");
  constexpr std::uint64_t kPieces = std::uint64_t{1} << 21;
  const std::uint64_t before = anonymous_memory();
  std::vector<DiskFindings> disks;
  DiskFindings& disk = disks.emplace_back(folder.path());
  disk.plan.size = base::ByteCount(kPieces * model::kBlockBytes);
  disk.nonzero_blocks = kPieces;
  disk.parts = {7};
  disk.packages = {false};
  for (std::uint64_t i = 0; i < kPieces; ++i)
    add(disk, i);
  model::Plan plan;
  const auto files =
      count_costs(disks, {.link = {.bytes_per_second = base::ByteCount(1'000'000)}}, folder.path(), plan);
  CHECK(plan.disks[0].runs == kPieces);
  const KeptPlans plans(home);
  plans.keep(plan, {&files[0]});
  const KeptRuns kept = plans.runs(plan.id, 0);
  std::uint64_t number = 0;
  std::uint64_t right = 0;
  kept->each_run([&](const model::Run& run) {
    constexpr std::array kinds{model::SourceKind::wire, model::SourceKind::local, model::SourceKind::store,
                               model::SourceKind::zero};
    const std::uint64_t from = number % 4 == 1 ? 1'000'000'000 - number : 0;
    right += run.source == kinds[number % 4] && run.blocks == 1 && run.from.value == from ? 1 : 0;
    ++number;
  });
  CHECK(right == kPieces);
  REQUIRE(kept->store_ids().size() == kPieces / 4);
  CHECK(kept->store_ids()[1000] == id_of(4002));
  const std::uint64_t grown = anonymous_memory() - before;
  MESSAGE("anonymous memory grew by ", grown, " bytes");
  CHECK(grown < 4 * base::kMiB);  // in memory they were more than 100 MiB
}
