// Makes one tile of a target after the other: puts its blocks in place, and proves them where they lie.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "disk/partial_image.hpp"
#include "model/block_tree.hpp"
#include "sync/proved_ids.hpp"
#include "sync/recipe.hpp"
#include "sync/source_readers.hpp"
#include "sync/tile_work.hpp"

namespace jaunt::sync {

// On a page boundary, so that it can be written and read around the page cache.
struct alignas(4096) TileBuffer {
  std::array<std::byte, kTileBytes> bytes;
};

// One thread.
class TileMaker {
 public:
  // Notes the ids of what it proves.
  TileMaker(const Recipe& recipe, disk::PartialImage& target, const ProvedIds& proved);

  // Whether the target holds the tile already.
  bool proved(std::uint64_t tile);

  // The blocks that have to come over the wire before the tile can be made, those that did already included; none
  // when the tile lies in the target and agrees with its hash. A verify error when it does not and all that is not
  // zero came over the wire, as it is.
  BlockMask make(const TileWork& work);

  // The blocks of the tile that was made last, by where they came from.
  const model::BySource<std::uint64_t>& made() const { return made_; }

 private:
  std::uint64_t tile_bytes(std::uint64_t tile) const;
  std::span<std::byte, model::kBlockBytes> block(unsigned index);
  bool fetch(const Spot& spot, unsigned index);
  bool fetch_run(unsigned first, unsigned end);
  void fetch_singly(unsigned first, unsigned end);
  bool fetch_by_id(const model::BlockId& id, unsigned index);
  void gather(const TileWork& work);
  // Blocks that are not what the source that they came from says they are are had elsewhere, if they can.
  void mend();
  unsigned run_end(unsigned first) const;
  bool may_refer() const;
  bool refer(std::uint64_t tile, unsigned first, unsigned end);
  void put(std::uint64_t tile);
  base::Hash32 hash();
  bool put_and_prove(std::uint64_t tile);
  // Whether the content is what the tile must be.
  bool prove(std::uint64_t tile);
  void count();

  const Recipe& recipe_;
  disk::PartialImage& target_;
  const ProvedIds& proved_;
  Lookup lookup_;
  SourceReaders readers_;
  model::BlockHasher ids_;
  model::NodeHasher nodes_;
  std::unique_ptr<TileBuffer> buffer_ = std::make_unique<TileBuffer>();
  const std::span<std::byte> content_ = buffer_->bytes;  // a whole tile, zeros beyond the disk's end
  struct Taken {
    model::SourceKind kind = model::SourceKind::zero;
    Spot spot;
  };
  TileIds content_ids_{};
  std::array<Taken, transport::kTileBlocks> taken_{};
  BlockMask missing_;
  unsigned references_refused_ = 0;
  model::BySource<std::uint64_t> made_;
};

}  // namespace jaunt::sync
