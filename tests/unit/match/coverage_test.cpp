#include "match/coverage.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "letter_images.hpp"
#include "match/in_place.hpp"

using namespace jaunt;
using match::Candidate;
using testing::LetterImages;

namespace {

using Views = std::vector<const model::TreeView*>;

}  // namespace

TEST_CASE_FIXTURE(LetterImages, "Each candidate counts what any of its layers holds") {
  const auto wanted = tree("aabbc.d");
  const auto base = tree("xa");
  const auto top = tree("b");
  const auto other = tree("d");
  const Views layers{&base.view(), &top.view(), &other.view()};
  const match::Needs needs(wanted.view(), {});
  const std::vector<Candidate> candidates{{"alone", {0}}, {"clone", {1, 0}}, {"twice", {0, 0}}, {"empty", {}}};
  const match::Coverage result = match::coverage(needs, layers, candidates);
  CHECK(result.candidates == std::vector<std::uint64_t>{2, 4, 2, 0});
  CHECK(result.together == 5);
  CHECK(result.missing_ids == 1);
}

TEST_CASE_FIXTURE(LetterImages, "An id counts as often as it is needed, however often that is") {
  std::string letters(700, 'a');
  letters.append(254, 'b').append(255, 'c').append(256, 'd');
  const auto wanted = tree(letters);
  for (const auto& [held, times] :
       {std::pair("a", 700U), std::pair("b", 254U), std::pair("c", 255U), std::pair("d", 256U)}) {
    const auto image = tree(held);
    const Views layers{&image.view()};
    const match::Needs needs(wanted.view(), {});
    CHECK(match::coverage(needs, layers, {}).together == times);
  }
}

TEST_CASE_FIXTURE(LetterImages, "Needs are the same from a tree and from a list of ids") {
  const auto wanted = tree("caab.c");
  std::vector<model::BlockId> ids;
  wanted->each_needed_rank(testing::blocks(5, 1), [&](std::uint32_t rank) { ids.push_back(wanted->ids()[rank]); });
  const match::Needs from_ids(ids, wanted->realm());
  const match::Needs from_tree(wanted.view(), testing::blocks(5, 1));
  CHECK(from_ids.blocks() == 4);
  CHECK(std::ranges::equal(from_ids.ids(), from_tree.ids()));
  for (std::size_t rank = 0; rank < from_ids.ids().size(); ++rank)
    CHECK(from_ids.blocks_of(rank) == from_tree.blocks_of(rank));
}

TEST_CASE_FIXTURE(LetterImages, "Ids that only elided blocks have are neither needed nor missing") {
  const auto wanted = tree("ab");
  const match::Needs needs(wanted.view(), testing::blocks(1, 1));
  CHECK(needs.needed_ids() == 1);
  CHECK(match::coverage(needs, {}, {}).missing_ids == 1);
}

TEST_CASE_FIXTURE(LetterImages, "Held ids are marked by their rank") {
  const auto wanted = tree("abc");
  const auto held = tree("xcya");
  const Views layers{&held.view()};
  const match::Needs needs(wanted.view(), {});
  const std::vector<bool> marks = match::held_ids(needs, layers);
  for (std::size_t rank = 0; rank < marks.size(); ++rank)
    CHECK(marks[rank] == held->rank_of(needs.ids()[rank]).has_value());
}

TEST_CASE_FIXTURE(LetterImages,
                  "An upper layer hides what lies below it in place, but not what can be copied from there") {
  const auto wanted = tree("abcd..ef");
  const auto lower = tree("abxd...f");
  const auto upper = tree(".y......");
  const Views layers{&lower.view(), &upper.view()};
  CHECK(match::in_place_blocks(wanted.view(), {}, layers, {"lower", {0}}) == 4);
  CHECK(match::in_place_blocks(wanted.view(), {}, layers, {"both", {1, 0}}) == 3);
  CHECK(match::in_place_blocks(wanted.view(), testing::blocks(0, 2), layers, {"lower", {0}}) == 2);
  const match::Needs needs(wanted.view(), {});
  const std::vector<Candidate> both{{"both", {1, 0}}};
  CHECK(match::coverage(needs, layers, both).candidates.front() == 4);
}

TEST_CASE_FIXTURE(LetterImages, "Layers of another realm are refused by name of the reason") {
  const auto wanted = tree("abc");
  const auto keyed = tree("abc", {.key = model::RealmKey{std::byte{1}}});
  const Views layers{&keyed.view()};
  const match::Needs needs(wanted.view(), {});
  CHECK_THROWS_WITH_AS(match::coverage(needs, layers, {}), doctest::Contains("different realms"), base::Error);
  CHECK_THROWS_WITH_AS(match::held_ids(needs, layers), doctest::Contains("different realms"), base::Error);
}
