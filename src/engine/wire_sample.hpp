// How small blocks become on the wire: they are read and compressed as if they were sent.
#pragma once

#include <functional>
#include <set>

#include "base/error.hpp"
#include "codec/zstd_stream.hpp"
#include "engine/describe_job.hpp"
#include "transport/messages.hpp"

namespace jaunt::engine {

inline constexpr int kSizeLevel = 1;  // of zstd

// A source's answers to one conversation. The blocks asked about are one stream, with the window that teleports have,
// so that what comes up again later is as small as it will be. Content is read as a hint: it may be newer than the
// tree, and what cannot be read is left out. One thread.
class SizeStream {
 public:
  // Of those blocks; with the first question about a disk of a sample of all of it, too.
  transport::Sizes add(const ReadDisk& disk, const transport::AskSizes& question, const base::CancelToken& cancel);

 private:
  codec::StreamCompressor stream_{kSizeLevel};
  std::set<std::uint32_t> disks_;
};

// All blocks that it is told of one after another, as sets of as many tiles as a question names.
class TileCollector {
 public:
  using Take = std::function<void(transport::BlockSet)>;
  explicit TileCollector(Take take) : take_(std::move(take)) {}

  void add(model::BlockIndex first, std::uint64_t blocks);
  void finish();

 private:
  const Take take_;
  transport::BlockSet blocks_;
};

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
