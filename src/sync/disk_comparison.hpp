// The comparison of one disk from the top of its tree down: subtrees that are zero or the base's are settled by one
// hash, the others are cut into regions, several of which are worked out at a time and told in order.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <vector>

#include "sync/disk_terms.hpp"
#include "sync/region.hpp"
#include "sync/run.hpp"
#include "transport/messages.hpp"

namespace jaunt::sync {

// Keeps at most kRegionsMax regions in memory, 4 MiB each where every block is used, however large the disk.
class DiskComparison {
 public:
  static constexpr std::size_t kRegionsMax = 32;
  static constexpr std::size_t kPartsMax = 2048;  // of the disk, known or waiting, beyond which nothing new is opened

  DiskComparison(const DiskTerms& terms, Lookup lookup, Findings findings);
  DiskComparison(const DiskComparison&) = delete;
  DiskComparison& operator=(const DiskComparison&) = delete;

  // A question and which part of the comparison waits for its answer.
  struct Question {
    transport::Body body;
    std::uint64_t part = 0;
  };

  std::vector<Question> begin();
  std::vector<Question> receive(std::uint64_t number, const transport::Body& answer);
  bool done() const { return parts_.empty(); }

 private:
  // A subtree, in the order of the disk.
  struct Part {
    enum class State { waiting, asked, like_base, zero, done };

    std::uint64_t number = 0;
    model::NodePlace node;
    base::Hash32 hash{};
    State state = State::waiting;
    std::unique_ptr<Region> region;  // while it is being worked out
  };
  using Parts = std::list<Part>;

  static unsigned depth_below(const Part& part);
  Part part_of(model::NodePlace node, const base::Hash32& hash);
  void split(Parts::iterator part, const transport::Body& answer);
  void tell(Part& part);
  void tell_finished();
  std::vector<Question> open_more();

  Lookup lookup_;
  DiskTerms terms_;
  Findings findings_;
  RunMerger runs_;
  Parts parts_;
  std::uint64_t next_number_ = 0;
  std::size_t regions_ = 0;
};

}  // namespace jaunt::sync
