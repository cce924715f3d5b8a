#include "sync/claims.hpp"

#include <array>

#include "sync/packed_bits.hpp"

namespace jaunt::sync {

namespace {

constexpr std::array kClaimTag = {std::byte{4}};  // 1 to 3 are the tree's

}  // namespace

void ClaimHasher::add_group(std::uint16_t mask, std::span<const model::BlockId> ids) {
  if (!begun_)
    sha_.update(kClaimTag);
  begun_ = true;
  const std::array head = {std::byte(mask & 0xff), std::byte(mask >> 8)};
  sha_.update(head).update(std::as_bytes(ids));
}

std::uint64_t ClaimHasher::finish(unsigned bits) {
  begun_ = false;
  return hash_bits(sha_.finish(), bits);
}

}  // namespace jaunt::sync
