#include "disk/scan.hpp"
#include "support/seed.hpp"
#include "support/tree_fixture.hpp"

using namespace jaunt;
using testing::scan_file;

namespace {

struct Fixture {
  base::TemporaryDirectory folder{testing::quick_folder()};
  std::filesystem::path image = folder.path() / "image";
  std::filesystem::path tree = folder.path() / "tree";
  std::filesystem::path other = folder.path() / "other";
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "A scan says what the definition says, for any content, size, key and number of threads") {
  testing::for_seeds(60, [&](std::mt19937_64& random) {
    const base::Bytes bytes = testing::random_image(random, 5000);
    std::optional<model::RealmKey> key;
    if (random() % 3 == 0)
      key.emplace().fill(std::byte(random()));
    const auto elided = testing::random_extents(random, bytes.size());
    testing::write_sparse(image, bytes);
    const unsigned threads = 1 + random() % 4;
    const auto result = scan_file(image, {.tree_path = tree, .threads = threads, .key = key, .elided = elided});

    const auto blocks = testing::naive_blocks(bytes, key);
    const auto kept = testing::without(blocks, elided);
    REQUIRE(result.tree.size.value == bytes.size());
    REQUIRE(result.tree.root == testing::naive_root(blocks, bytes.size()));
    REQUIRE(result.tree.carried_root == testing::naive_root(kept, bytes.size()));
    REQUIRE(result.tree.nonzero_blocks == blocks.size());
    REQUIRE(result.tree.needed_blocks == kept.size());
    REQUIRE(result.tree.unique_ids == testing::distinct_ids(blocks));
    model::TreeFile(tree)->verify();
  });
}

TEST_CASE_FIXTURE(Fixture, "The carried root is the root of the disk with the elided blocks zeroed") {
  testing::for_seeds(40, [&](std::mt19937_64& random) {
    base::Bytes bytes = testing::random_image(random, 600);
    const auto elided = testing::random_extents(random, bytes.size());
    testing::write_sparse(image, bytes);
    scan_file(image, {.tree_path = tree});
    const auto whole_blocks = elided.aligned_inward(base::ByteCount(4096));
    for (const auto& extent : whole_blocks.extents())
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(extent.offset.value), extent.length.value,
                  std::byte{0});
    testing::write_sparse(image, bytes);
    const auto zeroed = scan_file(image, {.tree_path = other});
    const auto carried = model::TreeFile(tree)->summary_with(elided);
    REQUIRE(carried.carried_root == zeroed.tree.root);
    REQUIRE(carried.needed_blocks == zeroed.tree.nonzero_blocks);
  });
}

TEST_CASE_FIXTURE(Fixture, "One flipped bit anywhere changes the root, and flipping it back restores it") {
  testing::for_seeds(60, [&](std::mt19937_64& random) {
    base::Bytes bytes = testing::random_image(random, 300);
    if (bytes.empty())
      return;
    testing::write_sparse(image, bytes);
    const auto before = scan_file(image, {.tree_path = tree});
    std::byte& victim = random() % 4 == 0 ? bytes.back() : bytes[random() % bytes.size()];
    const std::byte bit{static_cast<unsigned char>(1U << random() % 8)};
    victim ^= bit;
    testing::write_sparse(image, bytes);
    REQUIRE(scan_file(image, {.tree_path = tree}).tree.root != before.tree.root);
    victim ^= bit;
    testing::write_sparse(image, bytes);
    REQUIRE(scan_file(image, {.tree_path = tree}).tree == before.tree);
  });
}

TEST_CASE_FIXTURE(Fixture, "A scan of only what is dirty writes the very file that a full scan writes") {
  testing::for_seeds(60, [&](std::mt19937_64& random) {
    base::Bytes bytes = testing::random_image(random, 3000);
    testing::write_sparse(image, bytes);
    scan_file(image, {.tree_path = tree});
    const model::TreeFile previous(tree);

    if (random() % 3 == 0)  // grown or shrunk, which no dirty bitmap tells
      bytes.resize(random() % 2 == 0 ? bytes.size() / 2 : bytes.size() + random() % 100000, std::byte{5});
    const auto dirty = testing::random_extents(random, bytes.size());
    for (const auto& extent : dirty.extents())
      for (auto at = extent.offset.value; at < extent.end().value; at += 1 + random() % 9000)
        bytes[at] = std::byte(random() % 3);
    testing::write_sparse(image, bytes);

    const auto full = scan_file(image, {.tree_path = other});
    const auto incremental = scan_file(image, {.tree_path = tree, .previous = &previous.view(), .dirty = dirty});
    REQUIRE(incremental.tree == full.tree);
    REQUIRE(std::ranges::equal(base::MappedFile(tree).bytes(), base::MappedFile(other).bytes()));
    if (previous->size().value == bytes.size()) {
      std::uint64_t dirty_blocks = 0;
      for (const auto& extent : dirty.extents())
        dirty_blocks += (extent.end().value - 1) / 4096 - extent.offset.value / 4096 + 1;
      REQUIRE(incremental.bytes_read.value <= dirty_blocks * 4096);
    }
  });
}
