// model::ExtentSet against a plain set of bits. The input is a program: three bytes are which set and what to do,
// where, and how long.
#include <array>
#include <bitset>
#include <cstdint>

#include "expect.hpp"
#include "model/extent.hpp"

using namespace jaunt;

namespace {

constexpr std::size_t kWorld = 512;
using Bits = std::bitset<kWorld>;

Bits bits_of(const model::ExtentSet& set) {
  Bits bits;
  const model::Extent* before = nullptr;
  for (const auto& extent : set.extents()) {
    fuzz::require(extent.length > base::ByteCount(0), "no extent is empty");
    fuzz::require(before == nullptr || before->end() < extent.offset, "extents ascend and do not touch");
    for (auto i = extent.offset.value; i < extent.end().value; ++i)
      bits.set(i);
    before = &extent;
  }
  return bits;
}

Bits whole_units(const Bits& bits, std::size_t unit) {
  Bits whole;
  for (std::size_t begin = 0; begin + unit <= kWorld; begin += unit) {
    bool all = true;
    for (std::size_t i = begin; i < begin + unit; ++i)
      all = all && bits[i];
    for (std::size_t i = begin; all && i < begin + unit; ++i)
      whole.set(i);
  }
  return whole;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::array<model::ExtentSet, 2> sets;
  std::array<Bits, 2> models;
  for (std::size_t i = 0; i + 3 <= size && i < 3 * 256; i += 3) {
    const auto which = data[i] & 1u;
    const bool insert = (data[i] & 2u) == 0;
    const model::Extent extent{base::ByteOffset(data[i + 1]), base::ByteCount(data[i + 2] + 1u)};
    insert ? sets[which].insert(extent) : sets[which].erase(extent);
    for (auto bit = extent.offset.value; bit < extent.end().value; ++bit)
      models[which].set(bit, insert);
  }
  fuzz::require(bits_of(sets[0]) == models[0], "a set holds what was put in");
  fuzz::require(bits_of(sets[0].minus(sets[1])) == (models[0] & ~models[1]), "a difference is one of bytes");
  fuzz::require(bits_of(sets[0].intersection(sets[1])) == (models[0] & models[1]), "so is an intersection");
  fuzz::require(sets[0].total().value == models[0].count(), "a total counts bytes");
  const std::size_t unit = size == 0 ? 1 : 1 + data[0] / 8u;
  fuzz::require(bits_of(sets[0].aligned_inward(base::ByteCount(unit))) == whole_units(models[0], unit),
                "only whole units remain");
  return 0;
}
