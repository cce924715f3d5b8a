#include "match/overlap.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "support/tree_fixture.hpp"

using namespace jaunt;
using match::Overlap;

namespace {

struct Fixture {
  base::TemporaryDirectory folder{testing::quick_folder()};
  int made = 0;

  // An image of one block for every letter, equal where the letters are; '.' is a zero block.
  model::TreeFile tree(std::string_view letters, const disk::ScanOptions& options = {}) {
    base::Bytes image;
    for (const char letter : letters)
      image.insert(image.end(), model::kBlockBytes, letter == '.' ? std::byte{0} : std::byte(letter));
    const std::string name = std::to_string(made++);
    testing::write_sparse(folder.path() / name, image);
    disk::ScanOptions with_path = options;
    with_path.tree_path = folder.path() / (name + ".tree");
    testing::scan_file(folder.path() / name, with_path);
    return model::TreeFile(with_path.tree_path);
  }
};

template <typename... Trees>
Overlap overlap(const model::TreeFile& wanted, const Trees&... held) {
  return match::overlap(wanted.view(), {}, std::vector<const model::TreeView*>{&held.view()...});
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "Blocks are found at whatever place, each as often as it is needed") {
  const auto wanted = tree("aab.c.cd");
  CHECK(overlap(wanted, tree("xxxxxa.c")) == Overlap{.needed_blocks = 6, .found_blocks = 4, .missing_ids = 2});
}

TEST_CASE_FIXTURE(Fixture, "What several hold together counts once") {
  const auto wanted = tree("abcd");
  CHECK(overlap(wanted, tree("ab"), tree("bc")) == Overlap{.needed_blocks = 4, .found_blocks = 3, .missing_ids = 1});
  CHECK(overlap(wanted) == Overlap{.needed_blocks = 4, .found_blocks = 0, .missing_ids = 4});
}

TEST_CASE_FIXTURE(Fixture, "Zero blocks need nothing and elided ones neither") {
  const auto wanted = tree("a..bcc");
  model::ExtentSet elided;
  elided.insert({base::ByteOffset(4096), base::ByteCount(3 * 4096)});
  const auto held = tree("ab");
  const model::TreeView* const views[] = {&held.view()};
  const Overlap result = match::overlap(wanted.view(), elided, views);
  CHECK(result == Overlap{.needed_blocks = 3, .found_blocks = 1, .missing_ids = 1});
  CHECK(result.needed() == base::ByteCount(3 * 4096));
}

TEST_CASE_FIXTURE(Fixture, "Trees of different realms are never compared") {
  const auto keyed = tree("abc", {.key = model::RealmKey{std::byte{1}}});
  CHECK_THROWS_AS(overlap(tree("abc"), keyed), base::Error);
}
