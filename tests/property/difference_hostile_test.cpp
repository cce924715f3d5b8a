// A source that lies: an error, or a result that does not fit the hashes it was given with, never a wrong disk.
#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "support/difference_world.hpp"
#include "support/quick_folder.hpp"
#include "support/seed.hpp"
#include "transport/message_codec.hpp"

using namespace jaunt;
using testing::BlockMap;
using testing::Difference;
using testing::DifferenceTrees;
using testing::DifferenceWorld;

namespace {

// Another message, mostly a well-formed one.
transport::Message tampered(std::mt19937_64& random, const transport::Message& honest) {
  base::Bytes bytes = transport::encode(honest);
  for (auto changes = 1 + random() % 3; changes > 0 && !bytes.empty(); --changes) {
    // Towards the end, where the hashes and ids are.
    const std::size_t at = bytes.size() - 1 - std::min(random() % bytes.size(), random() % bytes.size());
    if (random() % 10 == 0)
      bytes.resize(at);
    else
      bytes[at] ^= std::byte(1U << random() % 8);
  }
  transport::Message message = transport::decode(bytes);
  if (random() % 20 != 0)
    message.number = honest.number;
  return message;
}

bool is_clear(base::ErrorKind kind) {
  using enum base::ErrorKind;
  return kind == corrupt || kind == unsupported || kind == limit || kind == verify || kind == peer;
}

// The disk as a liar has it, with other blocks here and there, of which the destination holds some.
DifferenceWorld lie_about(std::mt19937_64& random, DifferenceWorld world) {
  const std::uint64_t blocks = model::block_count(base::ByteCount(world.size));
  for (const BlockMap& image : world.held)
    testing::copy_piece(random, image, blocks, static_cast<std::int64_t>(random() % 40) - 20, world.wanted);
  testing::add_cluster(random, blocks, world.wanted);
  return world;
}

// Whether it came to an end without an error. Hashes of nodes are true, the rest is of the other disk, if there is
// one.
bool compare_with_liar(std::mt19937_64& random, const DifferenceTrees& trees, const model::TreeView* other,
                       bool with_base, Difference& result) {
  const model::TreeView& wanted = trees.wanted->view();
  sync::SourceSide source({{"vda", &wanted, wanted.elided()}});
  sync::SourceSide liar({{"vda", other != nullptr ? other : &wanted, wanted.elided()}});
  liar.answer({1, transport::Hello{}});
  sync::DestinationSide destination;
  sync::converse(destination, source, destination.hello(), result.traffic);
  const auto odds = other != nullptr ? 1'000'000 : 1 + random() % 12;
  auto questions = destination.compare(0, trees.local(with_base), result.findings());
  try {
    while (!questions.empty()) {
      sync::DestinationSide::Messages next;
      for (const auto& question : questions) {
        const bool nodes = std::holds_alternative<transport::AskNodes>(question.body);
        const auto answer = (nodes ? source : liar).answer(question);
        for (auto& further : destination.receive(random() % odds == 0 ? tampered(random, answer) : answer))
          next.push_back(std::move(further));
      }
      questions = std::move(next);
    }
  } catch (const base::Error& error) {
    REQUIRE_MESSAGE(is_clear(error.kind()), error.what());
    return false;
  }
  REQUIRE(destination.idle());
  return true;
}

// What a disk built by the runs would hold, with the true blocks from the wire.
BlockMap built(const DifferenceWorld& world, const BlockMap& carried, const Difference& found) {
  BlockMap disk;
  std::uint64_t at = 0;
  for (const sync::Run& run : found.runs) {
    REQUIRE(run.first.value == at);
    for (std::uint64_t i = 0; i < run.blocks && run.origin != sync::Origin::zero; ++i) {
      const bool wire = run.origin == sync::Origin::wire;
      const bool local = run.origin == sync::Origin::local;
      const BlockMap& from = wire ? carried : world.held.at(local ? run.spot.place.part : 0);
      const auto block = from.find(local ? run.spot.place.block + i : at + i);
      if (block != from.end())
        disk[at + i] = block->second;
      else
        REQUIRE(wire);
    }
    at += run.blocks;
  }
  REQUIRE(at == model::block_count(base::ByteCount(world.size)));
  return disk;
}

}  // namespace

TEST_CASE("Whatever a source says, it ends in an error, or shows in a hash, or the disk is right") {
  const base::TemporaryDirectory folder{testing::quick_folder()};
  std::uint64_t errors = 0;
  std::uint64_t shown = 0;
  std::uint64_t right = 0;
  testing::for_seeds(400, [&](std::mt19937_64& random) {
    const DifferenceWorld world = testing::random_difference_world(random);
    const DifferenceTrees trees(world, folder.path());
    const testing::DifferenceWorld lie = lie_about(random, world);
    testing::write_tree(folder.path() / "lie", lie.size, lie.wanted, lie.elided);
    const model::TreeFile other(folder.path() / "lie");
    Difference found;
    if (!compare_with_liar(random, trees, random() % 2 == 0 ? &other.view() : nullptr, world.with_base, found)) {
      ++errors;
      return;
    }
    const BlockMap carried = testing::without(world.wanted, world.elided);
    BlockMap disk = built(world, carried, found);
    bool fits = true;
    for (const auto& [node, hash] : found.awaiting) {
      const std::uint64_t width = std::uint64_t{1} << 4 * node.level;
      const std::uint64_t first = node.index * width;
      fits = fits && testing::naive_node(disk, node.level, first, width) == hash;
      // As if what does not fit had been fetched again.
      disk.erase(disk.lower_bound(first), disk.lower_bound(first + width));
      disk.insert(carried.lower_bound(first), carried.lower_bound(first + width));
    }
    REQUIRE(disk == carried);
    ++(fits ? right : shown);
  });
  MESSAGE(errors << " errors, " << shown << " shown by a hash, " << right << " right");
}
