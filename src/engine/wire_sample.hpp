// How small blocks become on the wire, from a sample that is read and compressed.
#pragma once

#include "base/error.hpp"
#include "engine/describe_job.hpp"
#include "transport/messages.hpp"

namespace jaunt::engine {

// Of those blocks, and of a sample of the whole disk. Content is read as a hint: it may be newer than the tree, and
// what cannot be read is left out.
transport::Sizes sizes_of(const ReadDisk& disk, const transport::AskSizes& question, const base::CancelToken& cancel);

// Up to `groups_max` groups of the blocks that `wanted` tells of one after another, each group in order, taken
// evenly: a message's worth.
class BlockSampler {
 public:
  explicit BlockSampler(std::size_t groups_max) : groups_max_(groups_max) {}

  void add(model::BlockIndex first, std::uint64_t blocks);
  transport::BlockSet take() const;

 private:
  struct Group {
    std::uint64_t index = 0;
    std::uint16_t mask = 0;
  };

  void keep(const Group& group);

  std::size_t groups_max_;
  std::uint64_t seen_ = 0;
  std::uint64_t stride_ = 1;  // every so many groups are kept
  Group pending_;
  std::vector<Group> groups_;
};

}  // namespace jaunt::engine
