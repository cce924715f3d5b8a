#include "model/block.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"

namespace jaunt::model {

bool is_zero(base::ByteView bytes) {
  // A buffer is zero when its head is and it equals itself shifted by that head; memcmp does this at memory speed.
  constexpr std::size_t head = 16;
  for (std::size_t i = 0; i < std::min(head, bytes.size()); ++i)
    if (bytes[i] != std::byte{0})
      return false;
  return bytes.size() <= head || std::memcmp(bytes.data(), bytes.data() + head, bytes.size() - head) == 0;
}

namespace {

BlockId id_of_hash(const base::Hash32& hash) {
  BlockId id;
  std::copy_n(hash.begin(), id.bytes.size(), id.bytes.begin());
  return id;
}

}  // namespace

std::optional<BlockId> BlockHasher::id_of(base::ByteView block) {
  base::invariant(block.size() <= kBlockBytes, "a block has at most 4096 bytes");
  if (is_zero(block))
    return std::nullopt;
  return id_of_hash(sha_.of(message(block, scratch_[0])));
}

void BlockHasher::ids_of(base::ByteView blocks, std::span<std::optional<BlockId>> ids) {
  base::invariant(ids.size() == block_count(base::ByteCount(blocks.size())),
                  "there is room for the ids of all blocks");
  const auto block = [&](std::size_t i) {
    return blocks.subspan(i * kBlockBytes, std::min<std::size_t>(kBlockBytes, blocks.size() - i * kBlockBytes));
  };
  std::optional<std::size_t> single;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    ids[i].reset();
    if (is_zero(block(i)))
      continue;
    if (!single) {
      single = i;
      continue;
    }
    const auto hashes = sha_.of_two(message(block(*single), scratch_[0]), message(block(i), scratch_[1]));
    ids[*std::exchange(single, std::nullopt)] = id_of_hash(hashes[0]);
    ids[i] = id_of_hash(hashes[1]);
  }
  if (single)
    ids[*single] = id_of_hash(sha_.of(message(block(*single), scratch_[0])));
}

// What is hashed: the block itself or, where something must stand before or behind it, a copy.
base::ByteView BlockHasher::message(base::ByteView block, base::Bytes& scratch) const {
  if (!key_ && block.size() == kBlockBytes)
    return block;
  scratch.clear();
  if (key_)
    scratch.insert(scratch.end(), key_->begin(), key_->end());
  scratch.insert(scratch.end(), block.begin(), block.end());
  scratch.resize(scratch.size() + kBlockBytes - block.size());
  return scratch;
}

std::string to_hex(const BlockId& id) {
  return base::to_hex(id.bytes);
}

}  // namespace jaunt::model
