// Integers of any width up to 64 bits, and parts of ids, one behind another in bytes: the highest bit first.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "model/block.hpp"

namespace jaunt::sync {

constexpr std::size_t packed_bytes(std::uint64_t count, unsigned bits) {
  return static_cast<std::size_t>((count * bits + 7) / 8);
}

class BitWriter {
 public:
  // The lowest `bits` bits of `value`.
  void put(std::uint64_t value, unsigned bits);
  base::Bytes finish() { return std::move(bytes_); }

 private:
  base::Bytes bytes_;
  unsigned free_ = 0;  // bits of the last byte
};

// Whoever reads has compared the length with what it asked for, so it never reads beyond the end.
class BitReader {
 public:
  explicit BitReader(base::ByteView bytes) : bytes_(bytes) {}
  std::uint64_t take(unsigned bits);

 private:
  base::ByteView bytes_;
  std::uint64_t at_ = 0;
};

// The first 64 bits of an id as a number.
std::uint64_t id_head(const model::BlockId& id);

// `bits` (up to 64) bits of an id from `first` on.
std::uint64_t id_bits(const model::BlockId& id, unsigned first, unsigned bits);
void set_id_bits(model::BlockId& id, unsigned first, unsigned bits, std::uint64_t value);

// The first bits of a hash.
std::uint64_t hash_bits(base::ByteView hash, unsigned bits);

}  // namespace jaunt::sync
