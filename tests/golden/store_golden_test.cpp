// A store that was written once is read forever: its pack, its index, and the bytes that docs/format.md shows of
// them.
#include <cstdlib>

#include <doctest/doctest.h>

#include "chunkstore/index_segment.hpp"
#include "chunkstore/pack_walk.hpp"
#include "support/format_page.hpp"
#include "support/store_fixture.hpp"

using namespace jaunt;
using namespace jaunt::testing;

namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(JAUNT_GOLDEN_FOLDER) / "store";

// Noise, so that no version of zstd has a say in the bytes.
Blocks plain_blocks() {
  Blocks blocks = blocks_of(0, 1);
  const Blocks more = blocks_of(5, 1);
  blocks.ids.push_back(more.ids[0]);
  blocks.bytes.insert(blocks.bytes.end(), more.bytes.begin(), more.bytes.end());
  return blocks;
}

// Two blocks that compress to little, of 'A' and of 'B'.
Blocks example_blocks() {
  Blocks blocks;
  for (const char letter : {'A', 'B'}) {
    const base::Bytes block(4096, std::byte(letter));
    blocks.ids.push_back(id_of(block));
    blocks.bytes.insert(blocks.bytes.end(), block.begin(), block.end());
  }
  return blocks;
}

std::string content(const fs::path& path) {
  return base::read_text_file(path, base::ByteCount(base::kMiB));
}

void write_golden(const Blocks& blocks, const std::string& name) {
  const StoreFixture fixture;
  put(fixture.store, blocks);
  const fs::path store = fixture.home.path() / "store";
  base::write_text_file(kFolder / (name + ".pack"), content(store / "packs/00000000.pack"), 0644);
  base::write_text_file(kFolder / (name + ".ids"), content(store / "index/000000000000.ids"), 0644);
}

void check_read(const Blocks& blocks, const std::string& name) {
  const fs::path pack = kFolder / (name + ".pack");
  const base::MappedFile file(pack);
  const auto header = chunkstore::pack_format::decode_header(file.bytes());
  CHECK(header.number == 0);
  CHECK(header.realm == "default");
  CHECK(header.realm_fingerprint == base::Hash32{});
  const chunkstore::IndexSegment index(kFolder / (name + ".ids"));
  index.verify();
  CHECK(index.entries().size() == 2);
  std::size_t groups = 0;
  const auto look = [&](base::ByteOffset at, const auto& group, base::ByteView bytes) {
    CHECK(std::ranges::equal(group.ids, blocks.ids));
    CHECK(std::ranges::equal(bytes, blocks.bytes));
    for (unsigned slot = 0; slot < 2; ++slot)
      CHECK(index.find(blocks.ids[slot]) == chunkstore::Location::of(0, at.value, group.bytes, slot));
    ++groups;
  };
  chunkstore::walk_pack(pack, base::ByteCount(file.bytes().size()), look);
  CHECK(groups == 1);
}

}  // namespace

TEST_CASE_FIXTURE(StoreFixture, "A pack and its index are written byte for byte as they are committed") {
  if (std::getenv("JAUNT_GOLDEN_WRITE") != nullptr) {
    write_golden(plain_blocks(), "plain-v1");
    write_golden(example_blocks(), "example-v1");
  }
  put(store, plain_blocks());
  CHECK(content(home.path() / "store/packs/00000000.pack") == content(kFolder / "plain-v1.pack"));
  CHECK(content(home.path() / "store/index/000000000000.ids") == content(kFolder / "plain-v1.ids"));
}

TEST_CASE("Packs and indexes of the first version are read, plain and compressed") {
  check_read(plain_blocks(), "plain-v1");
  check_read(example_blocks(), "example-v1");
}

TEST_CASE("The bytes that docs/format.md shows of a pack and of an index are those of the example's files") {
  check_example(JAUNT_FORMAT_PAGE, "The pack", kFolder / "example-v1.pack", 10);
  check_example(JAUNT_FORMAT_PAGE, "The index of the store", kFolder / "example-v1.ids", 7);
}
