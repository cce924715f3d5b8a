#include "chunkstore/pack_filler.hpp"

#include <algorithm>
#include <utility>

#include "chunkstore/pack_format.hpp"

namespace jaunt::chunkstore {

PackFiller::PackFiller(const StoreFolder& folder, const StoreSnapshot& snapshot,
                       const base::Hash32& realm_fingerprint, bool continue_pack,
                       const GroupPipeline::Options& options)
    : pipeline_(options), appender_(folder, snapshot, realm_fingerprint, continue_pack) {}

void PackFiller::add(const model::BlockId& id, base::ByteView block, std::int64_t filled_at) {
  filled_at_ = filled_at_ == 0 ? filled_at : std::min(filled_at_, filled_at);
  group_.ids.push_back(id);
  group_.blocks.insert(group_.blocks.end(), block.begin(), block.end());
  if (group_.ids.size() == pack_format::kGroupBlocksMax)
    submit();
}

void PackFiller::submit() {
  while (append_next(pipeline_.full())) {
  }
  pipeline_.submit(std::exchange(group_, pipeline_.spare_group()));
}

// False when no group was ready, or none is left.
bool PackFiller::append_next(bool wait) {
  auto encoded = pipeline_.take(wait);
  if (!encoded)
    return false;
  appender_.append(*encoded, filled_at_);
  pipeline_.give_back(std::move(*encoded));
  return true;
}

PackAppender::Appended PackFiller::finish() {
  if (!group_.ids.empty())
    submit();
  while (append_next(true)) {
  }
  filled_at_ = 0;
  return appender_.finish();
}

}  // namespace jaunt::chunkstore
