#include "match/overlap.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "letter_images.hpp"

using namespace jaunt;
using match::Overlap;
using testing::LetterImages;

namespace {

template <typename... Trees>
Overlap overlap(const model::TreeFile& wanted, const Trees&... held) {
  return match::overlap(wanted.view(), {}, std::vector<const model::TreeView*>{&held.view()...});
}

}  // namespace

TEST_CASE_FIXTURE(LetterImages, "Blocks are found at whatever place, each as often as it is needed") {
  const auto wanted = tree("aab.c.cd");
  CHECK(overlap(wanted, tree("xxxxxa.c")) == Overlap{.needed_blocks = 6, .found_blocks = 4, .missing_ids = 2});
}

TEST_CASE_FIXTURE(LetterImages, "What several hold together counts once") {
  const auto wanted = tree("abcd");
  CHECK(overlap(wanted, tree("ab"), tree("bc")) == Overlap{.needed_blocks = 4, .found_blocks = 3, .missing_ids = 1});
  CHECK(overlap(wanted) == Overlap{.needed_blocks = 4, .found_blocks = 0, .missing_ids = 4});
}

TEST_CASE_FIXTURE(LetterImages, "Zero blocks need nothing and elided ones neither") {
  const auto wanted = tree("a..bcc");
  const auto held = tree("ab");
  const model::TreeView* const views[] = {&held.view()};
  const Overlap result = match::overlap(wanted.view(), testing::blocks(1, 3), views);
  CHECK(result == Overlap{.needed_blocks = 3, .found_blocks = 1, .missing_ids = 1});
  CHECK(result.needed() == base::ByteCount(3 * 4096));
}

TEST_CASE_FIXTURE(LetterImages, "Trees of different realms are never compared") {
  const auto keyed = tree("abc", {.key = model::RealmKey{std::byte{1}}});
  CHECK_THROWS_AS(overlap(tree("abc"), keyed), base::Error);
}
