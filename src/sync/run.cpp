#include "sync/run.hpp"

namespace jaunt::sync {

void RunMerger::add(std::uint64_t blocks, Origin origin, const Spot& spot) {
  if (blocks == 0)
    return;
  const bool goes_on = pending_.blocks != 0 && pending_.origin == origin &&
                       (origin != Origin::local || pending_.spot.at(pending_.blocks) == spot);
  if (!goes_on) {
    const model::BlockIndex begin = next();
    finish();
    pending_ = {begin, 0, origin, origin == Origin::local ? spot : Spot{}};
  }
  pending_.blocks += blocks;
}

void RunMerger::finish() {
  if (pending_.blocks == 0)
    return;
  sink_(pending_);
  pending_ = {next(), 0, Origin::zero, {}};
}

}  // namespace jaunt::sync
