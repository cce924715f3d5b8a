#include "model/block.hpp"

#include <vector>

#include <doctest/doctest.h>

using namespace jaunt;
using namespace jaunt::model;

namespace {

base::Bytes block_of(std::byte value, std::size_t size = kBlockBytes) {
  return base::Bytes(size, value);
}

}  // namespace

TEST_CASE("A block's id is the head of its SHA-256") {
  const base::Bytes block = block_of(std::byte{7});
  const auto id = BlockHasher().id_of(block);
  REQUIRE(id.has_value());
  CHECK(to_hex(*id) == base::to_hex(base::sha256(block)).substr(0, 32));
}

TEST_CASE("The zero block has no id, whatever its length and realm") {
  CHECK_FALSE(BlockHasher().id_of(block_of(std::byte{0})).has_value());
  CHECK_FALSE(BlockHasher().id_of(block_of(std::byte{0}, 5)).has_value());
  CHECK_FALSE(BlockHasher(RealmKey{std::byte{1}}).id_of(block_of(std::byte{0})).has_value());
}

TEST_CASE("A partial last block has the id of its zero-padded form") {
  base::Bytes padded = block_of(std::byte{9}, 100);
  BlockHasher hasher;
  const auto partial = hasher.id_of(padded);
  padded.resize(kBlockBytes);
  CHECK(partial == hasher.id_of(padded));
}

TEST_CASE("A keyed realm's ids are those of the key followed by the block") {
  RealmKey key{};
  key.fill(std::byte{3});
  const base::Bytes block = block_of(std::byte{7});
  base::Bytes message(key.begin(), key.end());
  message.insert(message.end(), block.begin(), block.end());
  const auto id = BlockHasher(key).id_of(block);
  REQUIRE(id.has_value());
  CHECK(to_hex(*id) == base::to_hex(base::sha256(message)).substr(0, 32));
  CHECK(id != BlockHasher().id_of(block));
}

TEST_CASE("A single bit anywhere makes a block non-zero") {
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{15}, std::size_t{16}, std::size_t{17}, std::size_t{4095}}) {
    base::Bytes block = block_of(std::byte{0});
    CHECK(is_zero(block));
    block[at] = std::byte{1};
    CHECK_FALSE(is_zero(block));
  }
}

TEST_CASE("Odd sizes round up to whole blocks") {
  CHECK(block_count(base::ByteCount(0)) == 0);
  CHECK(block_count(base::ByteCount(1)) == 1);
  CHECK(block_count(base::ByteCount(4096)) == 1);
  CHECK(block_count(base::ByteCount(4097)) == 2);
}

TEST_CASE("Several blocks at once have the ids that each has by itself") {
  for (const std::optional<RealmKey> key : {std::optional<RealmKey>(), std::optional(RealmKey{std::byte{5}})}) {
    BlockHasher hasher(key);
    for (const std::size_t last : {std::size_t{1}, std::size_t{100}, std::size_t{kBlockBytes}}) {
      base::Bytes blocks;
      for (const int value : {1, 0, 2, 3, 0, 0, 4, 5})
        blocks.resize(blocks.size() + kBlockBytes, static_cast<std::byte>(value));
      blocks.resize(blocks.size() + last, std::byte{6});
      std::vector<std::optional<BlockId>> ids(9, BlockId{});
      hasher.ids_of(blocks, ids);
      for (std::size_t i = 0; i < ids.size(); ++i)
        CHECK(ids[i] == hasher.id_of(base::ByteView(blocks).subspan(i * kBlockBytes, i < 8 ? kBlockBytes : last)));
    }
  }
}
