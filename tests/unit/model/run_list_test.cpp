#include "model/run_list.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "support/seed.hpp"

using namespace jaunt;
using namespace jaunt::model;

namespace {

RunList random_list(std::mt19937_64& random) {
  RunList list;
  list.layers = 1 + random() % 3;
  list.carried_root.fill(std::byte(random()));
  std::uint64_t blocks = 0;
  for (auto count = random() % 40; count > 0; --count) {
    Run run{.source = kSourceKinds[random() % kSourceKinds.size()], .blocks = 1 + random() % 300};
    if (run.source == SourceKind::base || run.source == SourceKind::local)
      run.from = BlockIndex(random() % (std::uint64_t{1} << (random() % 36)));
    if (run.source == SourceKind::local || run.source == SourceKind::base)
      run.part = static_cast<std::uint32_t>(random() % list.layers);
    if (run.source == SourceKind::base && random() % 2 == 0)
      run.part = kInPlace;
    if (run.source == SourceKind::store)
      for (std::uint64_t i = 0; i < run.blocks; ++i)
        list.store_ids.emplace_back().bytes.fill(std::byte(random()));
    blocks += run.blocks;
    append_run(list.runs, run);
  }
  list.size = base::ByteCount(blocks == 0 ? 0 : blocks * kBlockBytes - random() % kBlockBytes);
  return list;
}

base::ErrorKind refusal(const base::Bytes& bytes) {
  try {
    decode_run_list(bytes);
  } catch (const base::Error& error) {
    return error.kind();
  }
  return base::ErrorKind::usage;
}

// Changes the body and seals it again.
base::Bytes altered(const RunList& list, const auto& change) {
  base::Bytes bytes = encode(list);
  bytes.resize(bytes.size() - sizeof(base::Hash32));
  change(bytes);
  const base::Hash32 seal = base::sha256(bytes);
  bytes.insert(bytes.end(), seal.begin(), seal.end());
  return bytes;
}

RunList small_list() {
  return {.size = base::ByteCount(5 * kBlockBytes),
          .layers = 1,
          .runs = {{.source = SourceKind::zero, .blocks = 2},
                   {.source = SourceKind::local, .blocks = 2, .part = 0, .from = BlockIndex(7)},
                   {.source = SourceKind::store, .blocks = 1}},
          .store_ids = {BlockId{}}};
}

}  // namespace

TEST_CASE("Runs of any kind are read as they were written") {
  testing::for_seeds(50, [](std::mt19937_64& random) {
    const RunList list = random_list(random);
    CHECK(decode_run_list(encode(list)) == list);
  });
}

TEST_CASE("A run that goes on where the last one ended lengthens it") {
  std::vector<Run> runs;
  append_run(runs, {.source = SourceKind::base, .blocks = 2, .from = BlockIndex(10)});
  append_run(runs, {.source = SourceKind::base, .blocks = 3, .from = BlockIndex(12)});
  append_run(runs, {.source = SourceKind::base, .blocks = 1, .from = BlockIndex(20)});
  append_run(runs, {.source = SourceKind::wire, .blocks = 1});
  append_run(runs, {.source = SourceKind::wire, .blocks = 1});
  append_run(runs, {.source = SourceKind::local, .blocks = 1, .part = 0, .from = BlockIndex(1)});
  append_run(runs, {.source = SourceKind::local, .blocks = 1, .part = 1, .from = BlockIndex(2)});
  CHECK(runs == std::vector<Run>{{.source = SourceKind::base, .blocks = 5, .from = BlockIndex(10)},
                                 {.source = SourceKind::base, .blocks = 1, .from = BlockIndex(20)},
                                 {.source = SourceKind::wire, .blocks = 2},
                                 {.source = SourceKind::local, .blocks = 1, .part = 0, .from = BlockIndex(1)},
                                 {.source = SourceKind::local, .blocks = 1, .part = 1, .from = BlockIndex(2)}});
}

TEST_CASE("A file of runs with any bit changed, cut, or of another version is refused") {
  const base::Bytes whole = encode(small_list());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    base::Bytes changed = whole;
    changed[i] ^= std::byte{1};
    const base::ErrorKind kind = refusal(changed);
    CHECK((kind == base::ErrorKind::corrupt || (i >= 8 && i < 12 && kind == base::ErrorKind::unsupported)));
    CHECK(refusal(base::Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(i))) ==
          base::ErrorKind::corrupt);
  }
}

TEST_CASE("Sealed runs that make no sense are refused") {
  const auto at = [](std::size_t place, int value) {
    return [=](base::Bytes& bytes) { bytes.at(place) = std::byte(value); };
  };
  CHECK(refusal(altered(small_list(), at(72, 3 << 3))) == base::ErrorKind::corrupt);      // one block too many
  CHECK(refusal(altered(small_list(), at(72, 1 << 3))) == base::ErrorKind::corrupt);      // one too few
  CHECK(refusal(altered(small_list(), at(72, 2 << 3 | 7))) == base::ErrorKind::corrupt);  // no such source
  CHECK(refusal(altered(small_list(), at(72, 0))) == base::ErrorKind::corrupt);           // an empty run
  CHECK(refusal(altered(small_list(), at(74, 2))) == base::ErrorKind::corrupt);           // no such layer
  CHECK(refusal(altered(small_list(), at(74, 0))) == base::ErrorKind::corrupt);  // in place, but not of the base
  CHECK(refusal(altered(small_list(), at(75, 1))) == base::ErrorKind::corrupt);  // before the layer
  CHECK(refusal(altered(small_list(), at(64, 2))) == base::ErrorKind::corrupt);  // more ids
  CHECK(refusal(altered(small_list(), at(63, 1))) == base::ErrorKind::limit);    // 2^56 runs
  CHECK(refusal(altered(small_list(), [](auto& b) { b.push_back({}); })) == base::ErrorKind::corrupt);
}
