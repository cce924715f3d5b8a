#include "match/stacks.hpp"

#include <map>
#include <utility>

#include "base/error.hpp"

namespace jaunt::match {

Stacks::Stacks(std::span<const Candidate> candidates, std::size_t layers) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> known;
  for (const Candidate& candidate : candidates) {
    std::uint32_t top = kNone;
    for (std::span left(candidate.layers); !left.empty(); left = left.first(left.size() - 1)) {
      const std::uint32_t layer = left.back();
      base::invariant(layer < layers, "a candidate's layers are in the list of layers");
      const auto [found, added] = known.try_emplace({top, layer}, static_cast<std::uint32_t>(nodes.size()));
      if (added)
        nodes.push_back({.below = top, .layer = layer});
      top = found->second;
    }
    tops.push_back(top);
  }
}

}  // namespace jaunt::match
