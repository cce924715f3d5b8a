#include "engine/wire_sample.hpp"

#include <doctest/doctest.h>

#include "support/image_world.hpp"
#include "support/numbered_images.hpp"

using namespace jaunt;
using namespace jaunt::engine;
using test_support::numbered;
using test_support::operator+;

namespace {

// A disk whose blocks are noise by number.
struct Sampled {
  base::TemporaryDirectory folder{"/var/tmp"};
  testing::ScannedImage image;
  ReadDisk disk;

  explicit Sampled(const test_support::Blocks& blocks)
      : image(test_support::image_of(folder.path() / "disk.raw", blocks)),
        disk{.tree = {&image.tree->view(), [](const auto*) {}},
             .elided = {},
             .chain = disk::resolve_chain({.path = image.path, .format = "raw"},
                                          {.folders = {folder.path()}, .devices = {}})} {}

  // Of this many blocks from there on.
  transport::Sizes sizes(std::uint64_t first, std::uint64_t count, std::uint64_t remembered) const {
    BlockSampler sampler(192);
    sampler.add(model::BlockIndex(first), count);
    return SizeStream().add(disk, {.disk = 0, .blocks = sampler.take(), .remembered_blocks = remembered}, {});
  }
};

std::uint64_t blocks(base::ByteCount bytes) {
  return bytes.value / model::kBlockBytes;
}

}  // namespace

TEST_CASE("Of blocks that repeat earlier ones only the first is compressed, the others are told apart") {
  const Sampled sampled(numbered(1, 300) + numbered(1, 100) + numbered(1000, 50) + numbered(1000, 50));
  const auto sizes = sampled.sizes(0, 500, 1'000'000);
  CHECK(blocks(sizes.bytes) == 350);
  CHECK(blocks(sizes.repeated) == 150);
  CHECK(sizes.compressed >= sizes.bytes);  // noise
}

TEST_CASE("A repeat is one wherever the first lies before it, asked for or not, as far as the stream remembers") {
  const Sampled sampled(numbered(1, 300) + test_support::Blocks(100) + numbered(1, 300));
  CHECK(blocks(sampled.sizes(400, 300, 300).repeated) == 300);  // zeros do not count
  CHECK(blocks(sampled.sizes(400, 300, 299).repeated) == 0);
  CHECK(blocks(sampled.sizes(0, 300, 1'000'000).repeated) == 0);  // repeated only later
  CHECK(blocks(sampled.sizes(0, 300, 1'000'000).bytes) == 300);
}

TEST_CASE("What is elided is nothing that could be repeated") {
  Sampled sampled(numbered(1, 200) + numbered(1, 100));
  sampled.disk.elided.insert({base::ByteOffset(0), base::ByteCount(50 * model::kBlockBytes)});
  const auto sizes = sampled.sizes(200, 100, 1'000'000);
  CHECK(blocks(sizes.bytes) == 50);
  CHECK(blocks(sizes.repeated) == 50);
}

TEST_CASE("What comes up again in a later question costs little, however it was asked for") {
  const Sampled sampled(numbered(1, 300) + numbered(1, 300));
  SizeStream stream;
  const auto ask = [&](std::uint64_t first) {
    BlockSampler sampler(192);
    sampler.add(model::BlockIndex(first), 300);
    return stream.add(sampled.disk, {.disk = 0, .blocks = sampler.take(), .remembered_blocks = 0}, {});
  };
  const auto once = ask(0);
  const auto again = ask(300);
  CHECK(once.compressed >= once.bytes);
  CHECK(blocks(again.bytes) == 300);
  CHECK(again.compressed.value < again.bytes.value / 100);
  CHECK(once.disk_bytes.value > 0);
  CHECK(again.disk_bytes.value == 0);  // of the disk it was told
}

TEST_CASE("All blocks are told in sets of as many tiles as a question may name") {
  std::vector<transport::BlockSet> sets;
  TileCollector tiles([&](transport::BlockSet set) { sets.push_back(std::move(set)); });
  tiles.finish();
  CHECK(sets.empty());
  tiles.add(model::BlockIndex(3), 2);
  tiles.add(model::BlockIndex(17), 1);
  tiles.add(model::BlockIndex(256), 300 * 256);
  tiles.finish();
  REQUIRE(sets.size() == 2);
  CHECK(sets[0].size() == transport::kTilesMax);
  CHECK(sets[0][0].groups[0] == (1U << 3 | 1U << 4));
  CHECK(sets[0][0].groups[1] == 1U << 1);
  CHECK(sets[1].size() == 301 - transport::kTilesMax);
  CHECK(sets[1].back().tile == 300);
  for (const std::uint16_t group : sets[1].back().groups)
    CHECK(group == 0xffff);
}
