#include "engine/run_holders.hpp"

#include <algorithm>
#include <array>

namespace jaunt::engine {

using model::BlockId;
using model::SourceKind;
using sync::Origin;
using Ids = std::span<const BlockId>;

namespace {

constexpr std::size_t kFirstIds = 16;  // tell already of most runs that the store does not hold them
constexpr std::size_t kIdsAtOnce = 4096;

}  // namespace

bool each_id(const sync::Run& run, const Holdings& holdings, const model::TreeView* base,
             const std::function<bool(Ids)>& visit) {
  std::array<BlockId, kIdsAtOnce> ids;
  for (std::uint64_t i = 0, count = 0; i < run.blocks; i += count) {
    count = std::min<std::uint64_t>(i == 0 ? kFirstIds : kIdsAtOnce, run.blocks - i);
    const auto some = std::span(ids).first(count);
    if (run.origin == Origin::base)
      for (std::uint64_t n = 0; n < count; ++n)
        some[n] = base->id_at(model::BlockIndex(run.first.value + i + n)).value_or(BlockId{});
    else
      holdings.layers().ids_from(run.spot.at(i).place, some);
    if (!visit(some))
      return false;
  }
  return true;
}

RunHolders::RunHolders(const Holdings& holdings, const model::TreeView* base)
    : holdings_(holdings), base_(base), store_(holdings.store_source().reader()), hasher_(holdings.realm().key) {}

void RunHolders::add(const sync::Run& run, DiskFindings& findings) {
  if (run.origin == Origin::zero || run.origin == Origin::wire) {
    findings.runs.add({.run = run});
    return;
  }
  if (run.origin == Origin::local && source_of(run) == SpotSource::store) {
    add_stored(run, findings);
    return;
  }
  const bool of_base = run.origin == Origin::base || (base_ != nullptr && source_of(run) == SpotSource::base_layers);
  HeldRun held{.run = run, .holders = {of_base ? SourceKind::base : SourceKind::local}};
  const bool stored =
      holdings_.store_source().ids() > 0 && each_id(run, holdings_, base_, [&](Ids ids) { return store_holds(ids); });
  if (stored) {
    held.holders.insert(SourceKind::store);
    each_id(run, holdings_, base_, [&](Ids ids) {
      findings.store_ids.add(ids);
      return true;
    });
  }
  findings.runs.add(held);
}

// A place in the store says nothing for long, so its blocks are kept by id.
void RunHolders::add_stored(const sync::Run& run, DiskFindings& findings) {
  std::array<std::byte, model::kBlockBytes> block;
  std::vector<BlockId> ids;  // not many: such a run does not go beyond a group
  while (ids.size() < run.blocks) {
    const auto id = store_->read(run.spot.at(ids.size()).place, block) ? hasher_.id_of(block) : std::nullopt;
    if (!id) {
      findings.runs.add({.run = {.first = run.first, .blocks = run.blocks, .origin = Origin::wire, .spot = {}}});
      return;
    }
    ids.push_back(*id);
  }
  findings.runs.add({.run = run, .holders = {SourceKind::store}});
  findings.store_ids.add(Ids(ids));
}

bool RunHolders::store_holds(Ids ids) const {
  std::vector<BlockId> sorted(ids.begin(), ids.end());
  std::ranges::sort(sorted);
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  std::size_t found = 0;
  holdings_.store_source().find(sorted, [&](std::size_t, const chunkstore::Place&) { ++found; });
  return found == sorted.size();
}

}  // namespace jaunt::engine
