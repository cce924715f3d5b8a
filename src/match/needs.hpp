// What an image needs: its distinct ids, and how many needed blocks each of them stands for.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "model/extent.hpp"
#include "model/tree_file.hpp"

namespace jaunt::match {

// Needed blocks are those that are neither zero nor elided. Takes a byte for each distinct id beside the ids
// themselves. Immutable; any thread.
class Needs {
 public:
  // The ids stay the tree's, which must outlive this. Ids of elided blocks only stand for no block.
  Needs(const model::TreeView& tree, const model::ExtentSet& elided);

  // From the ids of all needed blocks, in any order and as often as they are needed, as they come over the protocol.
  Needs(std::vector<model::BlockId> ids, const base::Hash32& realm);

  Needs(Needs&&) noexcept = default;
  Needs& operator=(Needs&&) noexcept = default;

  std::span<const model::BlockId> ids() const { return ids_; }  // distinct, ascending
  std::uint32_t blocks_of(std::size_t rank) const;              // saturates
  std::uint64_t blocks() const { return blocks_; }              // of all ids together
  std::uint64_t needed_ids() const { return needed_ids_; }      // that stand for at least one block
  const base::Hash32& realm() const { return realm_; }

 private:
  void count(std::size_t rank);

  std::vector<model::BlockId> own_ids_;
  std::span<const model::BlockId> ids_;  // of the tree or own_ids_, which moves along
  std::vector<std::uint8_t> counts_;     // kMany: look into many_
  std::unordered_map<std::size_t, std::uint32_t> many_;
  std::uint64_t blocks_ = 0;
  std::uint64_t needed_ids_ = 0;
  base::Hash32 realm_;
};

}  // namespace jaunt::match
