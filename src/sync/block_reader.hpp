// The source's way to the bytes of its disks: from the disk itself, each block hashed as it is read.
#pragma once

#include <memory>

#include "base/bytes.hpp"
#include "disk/image.hpp"
#include "model/block.hpp"
#include "sync/carried_tree.hpp"
#include "sync/source_side.hpp"
#include "transport/messages.hpp"

namespace jaunt::sync {

// One disk. One thread; the disk and the image outlive it.
class BlockReader {
 public:
  BlockReader(const OfferedDisk& disk, const disk::Image& image);

  // The content of those blocks that are carried, in order, the disk's last one zero-padded. A block that is not what
  // the tree says is a busy error: somebody writes to the disk. More than `blocks_max` is a limit error, a block that
  // the disk does not have a corrupt one.
  base::Bytes read(const transport::BlockSet& blocks, std::size_t blocks_max);

 private:
  struct Wanted {
    std::uint64_t block = 0;
    model::BlockId id;
  };

  std::vector<Wanted> choose(const transport::BlockSet& blocks, std::size_t blocks_max) const;
  void check(const std::vector<Wanted>& chosen, base::ByteView content);

  const disk::Image& image_;
  std::unique_ptr<disk::Reader> reader_;
  CarriedTree tree_;
  model::BlockHasher hasher_;
};

}  // namespace jaunt::sync
