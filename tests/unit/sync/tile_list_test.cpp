#include "sync/tile_list.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include "base/error.hpp"

using namespace jaunt;

namespace {

base::Hash32 hash_of(unsigned char byte) {
  base::Hash32 hash;
  hash.fill(std::byte{byte});
  return hash;
}

struct Written {
  base::TemporaryDirectory folder;
  std::filesystem::path path = folder.path() / "tiles";

  explicit Written(const std::vector<std::pair<std::uint64_t, base::Hash32>>& tiles) {
    const auto file = base::File::open(path, O_RDWR | O_CREAT);
    sync::TileListWriter writer(file);
    for (const auto& [tile, hash] : tiles)
      writer.add(tile, hash);
    writer.finish();
  }
  bool refused(base::ByteCount size, const base::Hash32& root) const {
    try {
      sync::TileList(path, size, root);
      return false;
    } catch (const base::Error& error) {
      return error.kind() == base::ErrorKind::corrupt;
    }
  }
};

}  // namespace

TEST_CASE("A list of tiles gives back its hashes, and zero for all others") {
  const base::ByteCount size(40 * base::kMiB);
  model::NodeHasher hasher;
  std::array<base::Hash32, 16> first{};
  first[0] = hash_of(1);
  first[15] = hash_of(2);
  std::array<base::Hash32, 16> third{};
  third[7] = hash_of(3);
  const std::array<base::Hash32, 16> top{hasher.node(3, first), {}, hasher.node(3, third)};
  const base::Hash32 root = hasher.root(size, hasher.node(4, top));
  const Written written({{0, hash_of(1)}, {15, hash_of(2)}, {39, hash_of(3)}});
  const sync::TileList list(written.path, size, root);
  CHECK(list.level() == 2);
  CHECK(list.tiles().size() == 3);
  CHECK(list.hash(15) == hash_of(2));
  CHECK(list.hash(16) == model::kZeroNode);
  CHECK(list.hash(39) == hash_of(3));

  CHECK(written.refused(size, hash_of(9)));
  CHECK(written.refused(base::ByteCount(39 * base::kMiB), root));
  CHECK(Written({{15, hash_of(2)}, {0, hash_of(1)}, {39, hash_of(3)}}).refused(size, root));
  CHECK(Written({{0, hash_of(1)}, {15, hash_of(2)}}).refused(size, root));
  base::File::open(written.path, O_RDWR).truncate(base::ByteCount(100));
  CHECK(written.refused(size, root));
}

TEST_CASE("Disks that are empty, zero, or of one tile have lists, too") {
  model::NodeHasher hasher;
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, 64 * base::kKiB, 9 * base::kTiB}) {
    const Written none(std::vector<std::pair<std::uint64_t, base::Hash32>>{});
    CHECK(sync::TileList(none.path, base::ByteCount(size), hasher.root(base::ByteCount(size), model::kZeroNode))
              .tiles()
              .empty());
  }
  const base::ByteCount small(5000);
  const sync::TileList one(Written({{0, hash_of(4)}}).path, small, hasher.root(small, hash_of(4)));
  CHECK(one.level() == 1);
}
