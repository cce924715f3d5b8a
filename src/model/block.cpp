#include "model/block.hpp"

#include <algorithm>

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

std::optional<BlockId> BlockHasher::id_of(base::ByteView block) {
  base::invariant(block.size() <= kBlockBytes, "a block has at most 4096 bytes");
  if (is_zero(block))
    return std::nullopt;
  if (key_)
    sha_.update(*key_);
  sha_.update(block);
  if (block.size() < kBlockBytes) {
    static constexpr std::array<std::byte, kBlockBytes> zeros{};
    sha_.update(base::ByteView(zeros).first(kBlockBytes - block.size()));
  }
  const base::Hash32 hash = sha_.finish();
  BlockId id;
  std::copy_n(hash.begin(), id.bytes.size(), id.bytes.begin());
  return id;
}

std::string to_hex(const BlockId& id) {
  return base::to_hex(id.bytes);
}

}  // namespace jaunt::model
