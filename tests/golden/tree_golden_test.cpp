// The example of docs/format.md, byte for byte.
#include <cstdlib>

#include <doctest/doctest.h>

#include "support/format_page.hpp"
#include "support/tree_fixture.hpp"

using namespace jaunt;

namespace {

// 17 blocks and 100 bytes: 'A' in block 0, 'B' in blocks 2 and 16, 'C' in the partial block 17, the rest zero.
base::Bytes example_image() {
  base::Bytes image(17 * 4096 + 100);
  const auto fill = [&](std::size_t block, char letter) {
    const std::size_t end = std::min((block + 1) * 4096, image.size());
    std::fill(image.begin() + static_cast<std::ptrdiff_t>(block * 4096),
              image.begin() + static_cast<std::ptrdiff_t>(end), std::byte(letter));
  };
  fill(0, 'A');
  fill(2, 'B');
  fill(16, 'B');
  fill(17, 'C');
  return image;
}

model::ExtentSet example_elided() {
  model::ExtentSet elided;
  elided.insert({base::ByteOffset(16 * 4096), base::ByteCount(4096)});
  return elided;
}

}  // namespace

TEST_CASE("The example's tree file is written byte for byte as it is committed, and read back") {
  const std::filesystem::path golden = std::filesystem::path(JAUNT_GOLDEN_FOLDER) / "tree/example-v1.tree";
  const base::TemporaryDirectory folder;
  testing::write_sparse(folder.path() / "image", example_image());
  testing::scan_file(folder.path() / "image", {.tree_path = folder.path() / "tree", .elided = example_elided()});
  const std::string written = base::read_text_file(folder.path() / "tree", base::ByteCount(base::kMiB));
  if (std::getenv("JAUNT_GOLDEN_WRITE") != nullptr)
    base::write_text_file(golden, written, 0644);
  CHECK(written == base::read_text_file(golden, base::ByteCount(base::kMiB)));

  const model::TreeFile tree(golden);
  tree->verify();
  const auto blocks = testing::naive_blocks(example_image());
  CHECK(tree->root() == testing::naive_root(blocks, example_image().size()));
  CHECK(tree->carried_root() ==
        testing::naive_root(testing::without(blocks, example_elided()), example_image().size()));
  CHECK(tree->elided() == example_elided());
}

TEST_CASE("The bytes that docs/format.md shows are those of the example's file") {
  testing::check_example(JAUNT_FORMAT_PAGE, "The tree file", JAUNT_GOLDEN_FOLDER "/tree/example-v1.tree", 26);
}
