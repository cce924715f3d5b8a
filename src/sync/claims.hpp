// What both sides hash to find out whether they mean the same blocks.
#pragma once

#include <cstdint>
#include <span>

#include "base/hash.hpp"
#include "model/block.hpp"

namespace jaunt::sync {

inline constexpr unsigned kTileCheckBits = 64;
inline constexpr unsigned kGroupCheckBits = 32;

// A hash over blocks' masks and ids, group by group; never that of a tree's node. One per thread.
class ClaimHasher {
 public:
  void add_group(std::uint16_t mask, std::span<const model::BlockId> ids);
  std::uint64_t finish(unsigned bits);

 private:
  base::Sha256 sha_;
  bool begun_ = false;
};

}  // namespace jaunt::sync
