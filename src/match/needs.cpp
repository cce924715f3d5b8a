#include "match/needs.hpp"

#include <algorithm>
#include <limits>

#include "base/error.hpp"

namespace jaunt::match {

namespace {

constexpr std::uint8_t kMany = 0xff;

}  // namespace

Needs::Needs(const model::TreeView& tree, const model::ExtentSet& elided)
    : ids_(tree.ids()), counts_(ids_.size()), realm_(tree.realm()) {
  tree.each_needed_rank(elided, [this](std::uint32_t rank) { count(rank); });
}

Needs::Needs(std::vector<model::BlockId> ids, const base::Hash32& realm) : own_ids_(std::move(ids)), realm_(realm) {
  std::ranges::sort(own_ids_);
  std::size_t distinct = 0;
  for (std::size_t i = 0; i < own_ids_.size(); ++i) {
    if (i == 0 || own_ids_[i] != own_ids_[distinct - 1]) {
      own_ids_[distinct++] = own_ids_[i];
      counts_.push_back(0);
    }
    count(distinct - 1);
  }
  own_ids_.resize(distinct);
  ids_ = own_ids_;
}

void Needs::count(std::size_t rank) {
  ++blocks_;
  if (counts_[rank] == 0)
    ++needed_ids_;
  if (counts_[rank] < kMany - 1)
    ++counts_[rank];
  else if (std::exchange(counts_[rank], kMany) != kMany)
    many_[rank] = kMany;
  else if (many_[rank] != std::numeric_limits<std::uint32_t>::max())
    ++many_[rank];
}

std::uint32_t Needs::blocks_of(std::size_t rank) const {
  return counts_[rank] == kMany ? many_.at(rank) : counts_[rank];
}

}  // namespace jaunt::match
