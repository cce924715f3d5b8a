#include "model/extent.hpp"

#include <array>
#include <bitset>
#include <locale>
#include <ostream>
#include <random>

#include <doctest/doctest.h>

using namespace jaunt;
using namespace jaunt::model;

namespace {

constexpr std::size_t kWorld = 64;

Extent extent(std::uint64_t offset, std::uint64_t length) {
  return {base::ByteOffset(offset), base::ByteCount(length)};
}

std::bitset<kWorld> bits_of(const ExtentSet& set) {
  std::bitset<kWorld> bits;
  for (const Extent& e : set.extents())
    for (auto i = e.offset.value; i < e.end().value; ++i)
      bits.set(i);
  return bits;
}

}  // namespace

TEST_CASE("Extents that touch or overlap melt into one") {
  ExtentSet set;
  set.insert(extent(0, 4));
  set.insert(extent(8, 4));
  CHECK(set.extents().size() == 2);
  set.insert(extent(4, 4));
  REQUIRE(set.extents().size() == 1);
  CHECK(set.extents()[0] == extent(0, 12));
}

TEST_CASE("Only whole units remain when a set is aligned inward") {
  ExtentSet set;
  set.insert(extent(1, 8190));
  set.insert(extent(12288, 100));
  CHECK(set.aligned_inward(base::ByteCount(4096)).empty());
  set.insert(extent(4096, 8192));
  REQUIRE(set.aligned_inward(base::ByteCount(4096)).extents().size() == 1);
  CHECK(set.aligned_inward(base::ByteCount(4096)).extents()[0] == extent(4096, 8192));
}

TEST_CASE("Sets of extents behave as sets of bytes, whatever is done to them") {
  std::mt19937 random(20240611);
  for (int round = 0; round < 2000; ++round) {
    std::array<ExtentSet, 2> sets;
    std::array<std::bitset<kWorld>, 2> models;
    for (int step = 0; step < 12; ++step) {
      const auto offset = random() % kWorld;
      const Extent e = extent(offset, 1 + random() % (kWorld - offset));
      const auto which = random() % 2;
      const bool insert = random() % 3 != 0;
      insert ? sets[which].insert(e) : sets[which].erase(e);
      for (auto i = e.offset.value; i < e.end().value; ++i)
        models[which].set(i, insert);
    }
    CAPTURE(round);
    REQUIRE(bits_of(sets[0]) == models[0]);
    REQUIRE(bits_of(sets[0].minus(sets[1])) == (models[0] & ~models[1]));
    REQUIRE(bits_of(sets[0].intersection(sets[1])) == (models[0] & models[1]));
    REQUIRE(sets[0].total().value == models[0].count());
    const auto byte = random() % kWorld;
    REQUIRE(sets[0].contains(base::ByteOffset(byte)) == models[0][byte]);
    REQUIRE(sets[0].covers(extent(byte, 1)) == models[0][byte]);
  }
}
