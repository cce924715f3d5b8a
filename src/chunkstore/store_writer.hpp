// Puts blocks into the store.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.hpp"
#include "chunkstore/store.hpp"

namespace jaunt::chunkstore {

// The one writer of a store, as long as it lives. What was put and not committed is lost with it. One thread.
class StoreWriter {
 public:
  // What is put between two commits; more is committed by itself. It bounds memory: about 100 bytes for each.
  static constexpr std::size_t kBlocksMax = std::size_t{1} << 18;

  StoreWriter(const StoreFolder& folder, const StoreRealm& realm, const StoreWriterOptions& options);
  ~StoreWriter();
  StoreWriter(StoreWriter&&) noexcept;

  // `blocks` are as many blocks of 4096 bytes. Those that are here already are passed over. When bytes have another
  // id, this or the next commit() throws verify, naming the id. After any error, this writer only can be destroyed,
  // and the store is as after the last commit.
  void put(std::span<const model::BlockId> ids, base::ByteView blocks);

  // When it returns, all that was put is durable and found by everybody; when it throws or the process ends, nothing
  // of it is. Returns the number of blocks that are new since the last commit. A quota that cannot be kept, since
  // garbage collection fails, is no error: the next commit tries again.
  std::uint64_t commit();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace jaunt::chunkstore
