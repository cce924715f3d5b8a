// The block tree straight from its definition: every block looked at, every node hashed from the top down.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "model/block.hpp"
#include "model/extent.hpp"

namespace jaunt::testing {

using BlockMap = std::map<std::uint64_t, model::BlockId>;  // without the zero blocks

inline BlockMap naive_blocks(base::ByteView image, std::optional<model::RealmKey> key = {}) {
  BlockMap blocks;
  for (std::size_t at = 0; at < image.size(); at += 4096) {
    base::Bytes block(image.begin() + static_cast<std::ptrdiff_t>(at),
                      image.begin() + static_cast<std::ptrdiff_t>(std::min(at + 4096, image.size())));
    block.resize(4096);
    if (block == base::Bytes(4096))
      continue;
    if (key)
      block.insert(block.begin(), key->begin(), key->end());
    const base::Hash32 hash = base::sha256(block);
    std::copy_n(hash.begin(), 16, blocks[at / 4096].bytes.begin());
  }
  return blocks;
}

inline base::Hash32 naive_node(const BlockMap& blocks, unsigned level, std::uint64_t first, std::uint64_t width) {
  const auto begin = blocks.lower_bound(first);
  const auto end = blocks.lower_bound(first + width);
  if (begin == end)
    return {};
  base::Bytes message;
  if (level == 1) {
    std::uint16_t mask = 0;
    for (auto block = begin; block != end; ++block)
      mask = static_cast<std::uint16_t>(mask | 1U << (block->first - first));
    message.push_back(std::byte{1});
    base::append_le(message, mask);
    for (auto block = begin; block != end; ++block)
      message.insert(message.end(), block->second.bytes.begin(), block->second.bytes.end());
  } else {
    message = {std::byte{2}, std::byte(level)};
    for (std::uint64_t child = 0; child < 16; ++child) {
      const base::Hash32 hash = naive_node(blocks, level - 1, first + child * (width / 16), width / 16);
      message.insert(message.end(), hash.begin(), hash.end());
    }
  }
  return base::sha256(message);
}

inline base::Hash32 naive_root(const BlockMap& blocks, std::uint64_t size) {
  unsigned level = 1;
  std::uint64_t width = 16;
  while (width * 4096 < size) {
    ++level;
    width *= 16;
  }
  base::Bytes message = {std::byte{3}};
  base::append_le(message, size);
  const base::Hash32 top = naive_node(blocks, level, 0, width);
  message.insert(message.end(), top.begin(), top.end());
  return base::sha256(message);
}

inline BlockMap without(BlockMap blocks, const model::ExtentSet& elided) {
  std::erase_if(blocks, [&](const auto& block) {
    return elided.covers({base::ByteOffset(block.first * 4096), base::ByteCount(4096)});
  });
  return blocks;
}

inline std::size_t distinct_ids(const BlockMap& blocks) {
  std::set<model::BlockId> ids;
  for (const auto& block : blocks)
    ids.insert(block.second);
  return ids.size();
}

}  // namespace jaunt::testing
