// In what order a disk's blocks are best sent: those of one file together, files in the order of their paths, so that
// what resembles one another is close in the stream.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "model/block.hpp"
#include "transport/messages.hpp"

namespace jaunt::sync {

// Blocks that lie behind one another and belong to one file.
struct FileStretch {
  model::BlockIndex first;
  std::uint64_t blocks = 0;
  std::uint32_t file = 0;  // a number of its own, ascending in the order in which files are best sent

  bool operator==(const FileStretch&) const = default;
};

// Of one disk; a hint, and any will do. A value; any thread.
class FileOrder {
 public:
  static constexpr std::uint32_t kNoFile = std::numeric_limits<std::uint32_t>::max();

  FileOrder() = default;
  // In any order; those that overlap others may be left out.
  explicit FileOrder(std::vector<FileStretch> stretches);

  const std::vector<FileStretch>& stretches() const { return stretches_; }  // in the order of the disk

  // The file to which most of these groups' blocks belong; kNoFile where none has any.
  std::uint32_t file_of(const transport::TileBlocks& tile) const;

 private:
  std::vector<FileStretch> stretches_;
};

}  // namespace jaunt::sync
