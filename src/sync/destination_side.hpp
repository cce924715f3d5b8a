// The side that wants the machine: asks the source what it has, and finds out what of it this node can produce.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chunkstore/source.hpp"
#include "match/samples.hpp"
#include "model/tree_file.hpp"
#include "sync/disk_comparison.hpp"
#include "sync/run.hpp"
#include "transport/messages.hpp"

namespace jaunt::sync {

// What this node has for one disk. All of it is of the disk's realm and outlives the comparison.
struct Local {
  const model::TreeView* base = nullptr;           // of an image whose own bytes may stay in place; may be none
  std::vector<const chunkstore::Source*> sources;  // earlier ones are preferred
};

// Plain messages in and out: every call gives the questions to be sent, in order; answers come in the order of the
// questions. First hello(), then any of the others; all may be under way together. A call throws corrupt, limit or
// verify errors when the source contradicts itself, unsupported or incompatible ones when the two cannot work
// together, peer ones when the source refuses; nothing may be asked any more then. One thread.
class DestinationSide {
 public:
  using Messages = std::vector<transport::Message>;

  Messages hello();
  Messages ask_samples(std::uint32_t disk);
  // Tells `findings` what it finds, as it finds it. Once idle() again, every block of the disk was told.
  Messages compare(std::uint32_t disk, const Local& local, Findings findings);
  Messages receive(const transport::Message& answer);

  // A disk that the source has told of later; its number must be the next one, else throws corrupt.
  void add_disk(std::uint32_t number, const transport::DiskFacts& facts);

  bool idle() const { return waiting_.empty(); }  // every question is answered
  const std::vector<transport::DiskFacts>& disks() const { return disks_; }
  bool has_feature(std::string_view name) const { return std::ranges::find(features_, name) != features_.end(); }
  // Of a disk whose samples were asked for and came.
  const match::Samples& samples(std::uint32_t disk) const;

 private:
  // Who gets the next answer.
  struct Waiting {
    enum class For { welcome, samples, comparison } what = For::welcome;
    std::uint32_t number = 0;
    std::uint32_t disk = 0;
    DiskComparison* comparison = nullptr;
    std::uint64_t part = 0;
  };

  const transport::DiskFacts& facts(std::uint32_t disk) const;
  transport::Message question(transport::Body body, Waiting waiting);
  Messages questions(DiskComparison& comparison, std::vector<DiskComparison::Question> asked);
  void take_welcome(const transport::Body& answer);
  void take_samples(std::uint32_t disk, const transport::Body& answer);

  std::uint32_t next_number_ = 1;
  std::deque<Waiting> waiting_;
  std::vector<transport::DiskFacts> disks_;
  std::vector<std::string> features_;
  std::vector<std::optional<match::Samples>> samples_;  // by disk
  std::vector<std::unique_ptr<DiskComparison>> comparisons_;
};

}  // namespace jaunt::sync
