#include "match/overlap.hpp"

#include <bit>
#include <vector>

#include "base/error.hpp"
#include "model/block_tree.hpp"

namespace jaunt::match {

namespace {

// Marks the ranks of `wanted` whose ids `held` has too; both ascend.
void mark_common(std::span<const model::BlockId> wanted, std::span<const model::BlockId> held,
                 std::vector<bool>& found) {
  std::size_t w = 0;
  std::size_t h = 0;
  while (w < wanted.size() && h < held.size()) {
    const auto order = wanted[w] <=> held[h];
    if (order == 0)
      found[w] = true;
    w += order <= 0 ? 1 : 0;
    h += order >= 0 ? 1 : 0;
  }
}

}  // namespace

Overlap overlap(const model::TreeView& wanted, const model::ExtentSet& elided,
                std::span<const model::TreeView* const> held) {
  std::vector<bool> found(wanted.ids().size());
  for (const model::TreeView* const other : held) {
    if (other->realm() != wanted.realm())
      throw base::Error(base::ErrorKind::incompatible, "compare", "two block trees", "they are of different realms");
    mark_common(wanted.ids(), other->ids(), found);
  }
  Overlap result;
  std::vector<bool> missing(wanted.ids().size());
  wanted.each_needed_rank(elided, [&](std::uint32_t rank) {
    ++result.needed_blocks;
    if (found[rank])
      ++result.found_blocks;
    else if (!missing[rank]) {
      missing[rank] = true;
      ++result.missing_ids;
    }
  });
  return result;
}

}  // namespace jaunt::match
