// Groups of blocks read back from packs.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "base/file.hpp"
#include "chunkstore/location.hpp"
#include "chunkstore/pack_format.hpp"
#include "chunkstore/store_folder.hpp"
#include "codec/zstd_frame.hpp"

namespace jaunt::chunkstore {

// Keeps the last group it read and up to 64 files open. One thread.
class PackReader {
 public:
  explicit PackReader(const StoreFolder& folder) : folder_(folder) {}

  struct Group {
    std::span<const model::BlockId> ids;
    base::ByteView blocks;  // one behind the other

    base::ByteView block(unsigned slot) const {
      return blocks.subspan(slot * model::kBlockBytes, model::kBlockBytes);
    }
  };

  // Valid until the next call. Throws not_found when the pack is gone, corrupt when the group is damaged, io.
  // Its blocks are what was written only if `check_sum`, or if the caller compares them with their ids.
  Group read(Location location, bool check_sum);

 private:
  const base::File& open(std::uint32_t pack);

  const StoreFolder& folder_;
  std::unordered_map<std::uint32_t, base::File> files_;
  codec::FrameDecompressor decompressor_;
  base::Bytes bytes_;
  base::Bytes content_;
  Group group_;
  std::uint64_t group_number_ = ~std::uint64_t{0};
  bool sum_checked_ = false;
};

// The blocks of a parsed group, decompressed into `buffer` where that is needed. Throws corrupt.
base::ByteView content_of(const pack_format::GroupView& group, codec::FrameDecompressor& decompressor,
                          base::Bytes& buffer);

}  // namespace jaunt::chunkstore
