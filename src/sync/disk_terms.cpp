#include "sync/disk_terms.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "sync/region_blocks.hpp"

namespace jaunt::sync {

base::Hash32 DiskTerms::base_node(model::NodePlace place) const {
  return base == nullptr || place.level > base->levels() ? model::kZeroNode : base->node(place);
}

void prove_nodes(const DiskTerms& terms, model::NodePlace node, unsigned depth, const base::Hash32& expected,
                 const std::vector<base::Hash32>& hashes) {
  const auto disagree = [&](base::ErrorKind kind, const char* cause) {
    throw base::Error(kind, "compare", "disk " + std::to_string(terms.disk) + " with the source", cause);
  };
  if (hashes.size() != std::size_t{1} << 4 * depth)
    disagree(base::ErrorKind::corrupt, "the source told another number of nodes than it was asked for");
  model::NodeHasher hasher;
  std::vector<base::Hash32> nodes = hashes;
  for (unsigned level = node.level - depth + 1; level <= node.level; ++level) {
    for (std::size_t i = 0; i < nodes.size() / model::kFanout; ++i)
      nodes[i] = hasher.node(
          level, std::span<const base::Hash32, model::kFanout>(nodes.data() + i * model::kFanout, model::kFanout));
    nodes.resize(nodes.size() / model::kFanout);
  }
  const bool top = node.level == terms.levels();
  if (top ? hasher.root(terms.size, nodes[0]) != terms.carried_root : nodes[0] != expected)
    disagree(base::ErrorKind::verify, "what the source tells of its block tree does not fit the tree's root");
}

void add_zeros_until(std::uint64_t block, RunMerger& out) {
  if (block > out.next().value)
    out.add(block - out.next().value, Origin::zero);
}

void add_base_subtree(const DiskTerms& terms, model::NodePlace node, RunMerger& out, const Findings& findings) {
  const unsigned shift = 4 * (node.level - 1);
  const std::uint64_t end = (node.index + 1) << shift;  // in groups
  const auto groups = terms.base->groups();
  std::optional<std::uint64_t> told;
  for (std::size_t at = terms.base->first_group_at(node.index << shift); at < groups.size() && groups[at].index < end;
       ++at) {
    const std::uint64_t tile = groups[at].index >> 4 * (terms.tile_level() - 1);
    if (findings.tile && std::exchange(told, tile) != tile)
      findings.tile(tile, terms.base_node({terms.tile_level(), tile}));
    each_bit(groups[at].mask, [&](unsigned bit, unsigned) {
      add_zeros_until(std::uint64_t{groups[at].index} * model::kFanout + bit, out);
      out.add(1, Origin::base);
    });
  }
  add_zeros_until(std::min(end * model::kFanout, terms.blocks()), out);
}

}  // namespace jaunt::sync
