#include "sync/file_order.hpp"

#include <doctest/doctest.h>

using namespace jaunt;
using model::BlockIndex;
using sync::FileOrder;

namespace {

transport::TileBlocks tile(std::uint64_t number, std::initializer_list<unsigned> groups) {
  transport::TileBlocks blocks{number, {}};
  for (const unsigned group : groups)
    blocks.groups[group] = 0xffff;
  return blocks;
}

}  // namespace

TEST_CASE("A tile belongs to the file that has most of the blocks that are asked about") {
  const FileOrder order({{BlockIndex(300), 200, 7}, {BlockIndex(0), 40, 3}, {BlockIndex(40), 100, 5}});
  CHECK(order.file_of(tile(0, {0, 1, 2, 3, 4, 5, 6, 7})) == 5);
  CHECK(order.file_of(tile(0, {0, 1, 2})) == 3);  // blocks 0 to 47
  CHECK(order.file_of(tile(1, {0, 1, 2, 3})) == 7);
  CHECK(order.file_of(tile(1, {0})) == FileOrder::kNoFile);  // 256 to 271
}

TEST_CASE("What lies in no file belongs to none") {
  const FileOrder order({{BlockIndex(0), 10, 1}});
  CHECK(order.file_of(tile(0, {1})) == FileOrder::kNoFile);
  CHECK(order.file_of(tile(9, {0, 15})) == FileOrder::kNoFile);
  CHECK(FileOrder().file_of(tile(0, {0})) == FileOrder::kNoFile);
}

TEST_CASE("Of stretches that overlap, as a guest may claim them, one is left") {
  const FileOrder order({{BlockIndex(0), 100, 1}, {BlockIndex(50), 100, 2}, {BlockIndex(100), 0, 3}});
  REQUIRE(order.stretches().size() == 1);
  CHECK(order.stretches().front().file == 1);
}
