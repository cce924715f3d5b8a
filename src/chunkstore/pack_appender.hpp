// Writes groups behind one another into packs. Nobody counts them before a commit names them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/file.hpp"
#include "base/hash.hpp"
#include "chunkstore/group_pipeline.hpp"
#include "chunkstore/index_segment.hpp"
#include "chunkstore/store_snapshot.hpp"

namespace jaunt::chunkstore {

// One thread, under the writer's lock.
class PackAppender {
 public:
  static constexpr std::uint64_t kPackBytesMax = 256 * base::kMiB;

  // Goes on in the newest pack of the snapshot if `continue_pack` and there is room in it.
  PackAppender(const StoreFolder& folder, const StoreSnapshot& snapshot, const base::Hash32& realm_fingerprint,
               bool continue_pack);

  // `filled_at` becomes that of the pack if it is older than what is in there.
  void append(const EncodedGroup& group, std::int64_t filled_at);

  // Makes everything durable. What has been appended since the last call: the packs as they are now, and the entries.
  struct Appended {
    std::vector<PackRecord> packs;
    std::vector<IndexEntry> entries;
  };
  Appended finish();

 private:
  void start_pack();
  void open_pack(const PackRecord& pack);
  void close_pack();
  void write_back();

  const StoreFolder& folder_;
  const std::string realm_;
  const base::Hash32 realm_fingerprint_;
  std::optional<base::File> file_;
  PackRecord pack_;
  bool changed_ = false;           // pack_ has something that finish() has not told
  bool new_files_ = false;         // the folder has names that are not durable
  std::uint64_t handed_over_ = 0;  // bytes that the kernel was asked to write already
  Appended appended_;
};

}  // namespace jaunt::chunkstore
