#include "match/ranking.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "letter_images.hpp"

using namespace jaunt;
using match::Candidate;
using match::Samples;
using testing::LetterImages;

namespace {

using Views = std::vector<const model::TreeView*>;

Samples samples_of(const model::TreeFile& tree) {
  return match::take_samples(match::Needs(tree.view(), {}));
}

}  // namespace

TEST_CASE("So many bits are asked for that a few thousand ids begin with them") {
  CHECK(match::sample_bits(0) == 0);
  CHECK(match::sample_bits(8191) == 0);
  CHECK(match::sample_bits(8192) == 1);
  CHECK(match::sample_bits(430'000) == 6);
  CHECK(match::sample_bits(std::uint64_t{1} << 32) == 20);
}

TEST_CASE_FIXTURE(LetterImages, "Of a small image everything is a sample, and the ranking is exact") {
  const auto wanted = tree("aaabcd");
  const auto some = tree("ab");
  const auto most = tree("xabc");
  const auto patch = tree("d");
  const Views layers{&some.view(), &most.view(), &patch.view()};
  const std::vector<Candidate> candidates{{"some", {0}}, {"most", {1}}, {"patched", {2, 1}}, {"none", {}}};
  const auto ranking = match::rank(samples_of(wanted), layers, candidates);
  REQUIRE(ranking.order.size() == 4);
  CHECK(ranking.order[0].candidate == 2);
  CHECK(ranking.order[0].share == doctest::Approx(1.0));
  CHECK(ranking.order[0].error == 0);
  CHECK(ranking.order[1].candidate == 1);
  CHECK(ranking.order[1].share == doctest::Approx(5.0 / 6));
  CHECK(ranking.order[3].share == 0);
  CHECK(ranking.contenders == 1);
  CHECK(ranking.together.share == doctest::Approx(1.0));
}

TEST_CASE_FIXTURE(LetterImages,
                  "Among equals the one with fewer layers comes first, then the name decides; all are contenders") {
  const auto wanted = tree("ab");
  const auto base = tree("ab");
  const auto top = tree("x");
  const Views layers{&base.view(), &top.view()};
  const std::vector<Candidate> candidates{{"stacked", {1, 0}}, {"z", {0}}, {"a", {0}}};
  const auto ranking = match::rank(samples_of(wanted), layers, candidates);
  CHECK(ranking.order[0].candidate == 2);
  CHECK(ranking.order[1].candidate == 1);
  CHECK(ranking.order[2].candidate == 0);
  CHECK(ranking.contenders == 3);
}

TEST_CASE_FIXTURE(LetterImages,
                  "Who is so near the best that the samples may err is a contender, unless they are exact") {
  std::string letters;
  for (int letter = 1; letter <= 200; ++letter)
    letters.push_back(static_cast<char>(letter));
  const auto all = tree(letters);
  const auto nearly = tree(letters.substr(4));
  const auto half = tree(letters.substr(100));
  const Views layers{&all.view(), &nearly.view(), &half.view()};
  const std::vector<Candidate> candidates{{"all", {0}}, {"nearly", {1}}, {"half", {2}}};
  Samples samples = samples_of(all);
  REQUIRE(samples.bits == 0);
  CHECK(match::rank(samples, layers, candidates).contenders == 1);
  samples.bits = 1;
  std::erase_if(samples.samples, [](const match::Sample& sample) { return sample.key >> 63 != 0; });
  const auto ranking = match::rank(samples, layers, candidates);
  CHECK(ranking.order[1].candidate == 1);
  CHECK(ranking.order[1].share < 1);
  CHECK(ranking.contenders == 2);
}

TEST_CASE_FIXTURE(LetterImages, "Nothing to rank, or nothing to rank by, is no error") {
  const auto wanted = tree("ab");
  const auto empty = tree("...");
  const Views layers{&empty.view()};
  CHECK(match::rank(samples_of(wanted), {}, {}).order.empty());
  const std::vector<Candidate> candidates{{"empty", {0}}};
  CHECK(match::rank(samples_of(empty), layers, candidates).order[0].share == 0);
  CHECK(match::rank(samples_of(wanted), layers, candidates).order[0].share == 0);
}

TEST_CASE_FIXTURE(LetterImages, "Layers of another realm are never ranked") {
  const auto keyed = tree("abc", {.key = model::RealmKey{std::byte{1}}});
  const Views layers{&keyed.view()};
  CHECK_THROWS_AS(match::rank(samples_of(tree("abc")), layers, {}), base::Error);
}

TEST_CASE_FIXTURE(LetterImages, "Samples that do not fit together are refused as corrupt") {
  const Samples good = samples_of(tree("aabc"));
  CHECK_NOTHROW(match::check(good));
  const auto refused = [&](const auto& spoil) {
    Samples bad = good;
    spoil(bad);
    try {
      match::check(bad);
      return false;
    } catch (const base::Error& error) {
      return error.kind() == base::ErrorKind::corrupt;
    }
  };
  CHECK(refused([](Samples& s) { s.bits = 41; }));
  CHECK(refused([](Samples& s) { s.bits = 40; }));
  CHECK(refused([](Samples& s) { s.samples.resize(5 * match::kSamplesWanted, {~0ULL, 1}); }));
  CHECK(refused([](Samples& s) { std::swap(s.samples[0], s.samples[1]); }));
  CHECK(refused([](Samples& s) { s.samples[1].key = s.samples[0].key; }));
  CHECK(refused([](Samples& s) { s.samples[2].blocks = 0; }));
  CHECK(refused([](Samples& s) { s.samples[2].blocks = 100; }));
  CHECK(refused([](Samples& s) { s.needed_blocks = 2; }));
  CHECK(refused([](Samples& s) { s.needed_ids = 2; }));
}
