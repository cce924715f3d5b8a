// Blocks on their way into packs: gathered into groups, checked, compressed, appended.
#pragma once

#include <cstdint>

#include "chunkstore/group_pipeline.hpp"
#include "chunkstore/pack_appender.hpp"

namespace jaunt::chunkstore {

// One thread, under the writer's lock. After an error it only can be destroyed.
class PackFiller {
 public:
  PackFiller(const StoreFolder& folder, const StoreSnapshot& snapshot, const base::Hash32& realm_fingerprint,
             bool continue_pack, const GroupPipeline::Options& options);

  // Throws verify, then or later, when the block has another id and ids are checked.
  void add(const model::BlockId& id, base::ByteView block, std::int64_t filled_at);
  // All that was added since the last call, durable.
  PackAppender::Appended finish();

 private:
  void submit();
  bool append_next(bool wait);

  GroupPipeline pipeline_;
  PackAppender appender_;
  RawGroup group_;
  std::int64_t filled_at_ = 0;  // the oldest since the last finish()
};

}  // namespace jaunt::chunkstore
