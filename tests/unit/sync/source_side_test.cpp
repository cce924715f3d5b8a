#include "sync/source_side.hpp"

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "support/tree_fixture.hpp"
#include "support/tree_of_ids.hpp"

using namespace jaunt;
namespace msg = transport;

namespace {

model::BlockId id_of(unsigned number) {
  model::BlockId id;
  id.bytes.fill(std::byte(number));
  return id;
}

// A disk of two tiles and a bit: block n has id n, blocks 8 to 15 are elided, blocks 16 to 299 are zero.
struct Fixture {
  base::TemporaryDirectory folder{testing::quick_folder()};
  testing::BlockMap blocks;
  model::ExtentSet elided;
  std::unique_ptr<model::TreeFile> tree;
  std::unique_ptr<sync::SourceSide> source;

  Fixture() {
    for (unsigned i = 1; i < 16; ++i)
      blocks[i] = id_of(i);
    blocks[300] = id_of(200);
    elided.insert({base::ByteOffset(8 * 4096), base::ByteCount(8 * 4096)});
    testing::write_tree(folder.path() / "t", 520 * 4096, blocks, elided);
    tree = std::make_unique<model::TreeFile>(folder.path() / "t");
    source = std::make_unique<sync::SourceSide>(std::vector<sync::OfferedDisk>{{"vda", &tree->view(), elided}});
  }

  template <typename Answer>
  Answer ask(const msg::Body& question) {
    const msg::Message answer = source->answer({7, question});
    CHECK(answer.number == 7);
    REQUIRE(std::holds_alternative<Answer>(answer.body));
    return std::get<Answer>(answer.body);
  }
  void greet() { ask<msg::Welcome>(msg::Hello{}); }
  msg::TileBlocks tile(std::uint64_t number, unsigned group, std::uint16_t mask) {
    msg::TileBlocks result{number, {}};
    result.groups[group] = mask;
    return result;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "The welcome says what the disks are") {
  const auto welcome = ask<msg::Welcome>(msg::Hello{});
  REQUIRE(welcome.disks.size() == 1);
  CHECK(welcome.disks[0].target == "vda");
  CHECK(welcome.disks[0].nonzero_blocks == 16);
  CHECK(welcome.disks[0].needed_blocks == 8);
  CHECK(welcome.disks[0].carried_root == testing::naive_root(testing::without(blocks, elided), 520 * 4096));
}

TEST_CASE_FIXTURE(Fixture, "Elided blocks are told as zero, in masks, checks, nodes and ids") {
  greet();
  const auto carried = testing::without(blocks, elided);
  const auto nodes = ask<msg::Nodes>(msg::AskNodes{0, {3, 0}, 1});
  CHECK(nodes.hashes[0] == testing::naive_node(carried, 2, 0, 256));
  CHECK(nodes.hashes[2] == model::kZeroNode);
  const auto groups = ask<msg::Groups>(msg::AskGroups{0, {0, 1, 2}, 16});
  REQUIRE(groups.blocks.size() == 2);
  CHECK(groups.blocks[0] == tile(0, 0, 0x00fe));
  CHECK(groups.blocks[1] == tile(1, 2, 1 << 12));
  const base::Hash32 first = testing::naive_node(carried, 1, 0, 16);
  CHECK(base::ByteView(groups.checks).first(2)[1] == first[1]);
  CHECK(groups.checks.size() == 4);
  const auto ids = ask<msg::Ids>(msg::AskIds{0, {tile(0, 0, 0xff80)}, 4, 12});
  CHECK(base::to_hex(ids.bits) == "7070");
}

TEST_CASE_FIXTURE(Fixture, "A check tells which blocks have which ids") {
  greet();
  const msg::BlockSet set{tile(0, 0, 0x0006), tile(1, 2, 0xffff)};
  CHECK(ask<msg::Checks>(msg::AskChecks{0, set, false}).checks.size() == 2 * sync::kTileCheckBits / 8);
  const auto by_group = ask<msg::Checks>(msg::AskChecks{0, set, true});
  CHECK(by_group.checks.size() == 2 * sync::kGroupCheckBits / 8);
  const auto other = ask<msg::Checks>(msg::AskChecks{0, {tile(0, 0, 0x0005), tile(1, 2, 0xffff)}, true});
  CHECK(base::to_hex(other.checks).substr(0, 8) != base::to_hex(by_group.checks).substr(0, 8));
  CHECK(base::to_hex(other.checks).substr(8) == base::to_hex(by_group.checks).substr(8));
}

TEST_CASE_FIXTURE(Fixture, "A question before the hello is refused, and so is everything after it") {
  CHECK(ask<msg::Refusal>(msg::AskSamples{0}).kind == base::ErrorKind::corrupt);
  CHECK(source->refused());
  ask<msg::Refusal>(msg::Hello{});
}

TEST_CASE_FIXTURE(Fixture, "Another version is refused as unsupported") {
  CHECK(ask<msg::Refusal>(msg::Hello{2, {}}).kind == base::ErrorKind::unsupported);
}

TEST_CASE_FIXTURE(Fixture, "What no disk has cannot be asked for") {
  const std::vector<msg::Body> questions{
      msg::AskSamples{1},
      msg::AskNodes{0, {4, 0}, 0},
      msg::AskNodes{0, {0, 0}, 0},
      msg::AskNodes{0, {3, 1}, 0},
      msg::AskNodes{0, {2, 0}, 2},
      msg::AskGroups{0, {3}, 0},
      msg::AskIds{0, {tile(2, 1, 1)}, 0, 8},
      msg::AskChecks{0, {tile(0xffffffff, 0, 1)}, false},
      msg::Hello{},
      msg::Ids{},
  };
  for (const msg::Body& question : questions) {
    CAPTURE(question.index());
    source = std::make_unique<sync::SourceSide>(std::vector<sync::OfferedDisk>{{"vda", &tree->view(), elided}});
    greet();
    ask<msg::Refusal>(question);
  }
}

TEST_CASE_FIXTURE(Fixture, "Samples are of the needed blocks alone") {
  greet();
  const auto samples = ask<msg::Samples>(msg::AskSamples{0});
  CHECK(samples.zero_bits == 0);
  CHECK(samples.needed_ids == 8);
  CHECK(samples.samples.size() == 8);
  CHECK(samples.samples[0] == msg::Sample{0x0101010101010101, 1});
}
