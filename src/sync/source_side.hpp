// The side that has the machine: answers questions about its disks' block trees.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/extent.hpp"
#include "model/tree_file.hpp"
#include "sync/carried_tree.hpp"
#include "sync/claims.hpp"
#include "transport/messages.hpp"

namespace jaunt::sync {

// One disk that the destination may ask about. The tree outlives the side that answers.
struct OfferedDisk {
  std::string target;  // such as vda
  const model::TreeView* tree = nullptr;
  model::ExtentSet elided;
};

// Nothing is remembered between questions but that there was a hello, so an answer follows from its question alone.
// One thread.
class SourceSide {
 public:
  explicit SourceSide(const std::vector<OfferedDisk>& disks);

  // One answer for one message. A question that makes no sense, or a tree that turns out damaged, is answered with a
  // Refusal, and so is everything after it.
  transport::Message answer(const transport::Message& question);
  // One more disk, behind all others: its number is theirs' count. Its tree outlives this.
  const transport::DiskFacts& add(const OfferedDisk& disk);
  bool refused() const { return refusal_.has_value(); }

 private:
  struct Disk {
    transport::DiskFacts facts;
    CarriedTree tree;
  };

  transport::Body answer_to(const transport::Hello& hello);
  transport::Body answer_to(const transport::AskSamples& ask);
  transport::Body answer_to(const transport::AskNodes& ask);
  transport::Body answer_to(const transport::AskGroups& ask);
  transport::Body answer_to(const transport::AskIds& ask);
  transport::Body answer_to(const transport::AskChecks& ask);
  template <typename Other>
  transport::Body answer_to(const Other& other);

  Disk& disk(std::uint32_t number);

  std::vector<Disk> disks_;
  ClaimHasher claims_;
  bool greeted_ = false;
  std::optional<transport::Refusal> refusal_;
};

}  // namespace jaunt::sync
