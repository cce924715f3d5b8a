#include "match/samples.hpp"

#include "base/error.hpp"
#include "model/id_order.hpp"

namespace jaunt::match {

unsigned sample_bits(std::uint64_t needed_ids) {
  unsigned bits = 0;
  while (bits < kSampleBitsMax && needed_ids >> bits >= 2 * kSamplesWanted)
    ++bits;
  return bits;
}

Samples take_samples(const Needs& needs) {
  Samples result{.bits = sample_bits(needs.needed_ids()),
                 .samples = {},
                 .needed_blocks = needs.blocks(),
                 .needed_ids = needs.needed_ids(),
                 .squared_blocks = 0,
                 .realm = needs.realm()};
  const auto ids = needs.ids();
  for (std::size_t rank = 0; rank < ids.size(); ++rank) {
    const std::uint32_t blocks = needs.blocks_of(rank);
    result.squared_blocks += std::uint64_t{blocks} * blocks;
    const std::uint64_t key = head_of(ids[rank]);
    if (blocks == 0 || (result.bits != 0 && key >> (64 - result.bits) != 0))
      continue;
    if (!result.samples.empty() && result.samples.back().key == key)
      result.samples.back().blocks += blocks;
    else
      result.samples.push_back({.key = key, .blocks = blocks});
  }
  return result;
}

void check(const Samples& samples) {
  const auto refuse = [](const char* cause) {
    throw base::Error(base::ErrorKind::corrupt, "read", "samples of an image", cause);
  };
  if (samples.bits > kSampleBitsMax || samples.samples.size() > 4 * kSamplesWanted)
    refuse("there are more of them than anybody asks for");
  if (samples.needed_ids > samples.needed_blocks || samples.samples.size() > samples.needed_ids)
    refuse("there are more ids than blocks");
  std::uint64_t blocks = 0;
  for (std::size_t i = 0; i < samples.samples.size(); ++i) {
    const auto& [key, stands_for] = samples.samples[i];
    if (i > 0 && key <= samples.samples[i - 1].key)
      refuse("they are out of order");
    if (samples.bits != 0 && key >> (64 - samples.bits) != 0)
      refuse("one does not begin with so many zero bits");
    if (stands_for == 0)
      refuse("one stands for no block");
    blocks += stands_for;
  }
  if (blocks > samples.needed_blocks)
    refuse("they stand for more blocks than the image needs");
}

}  // namespace jaunt::match
