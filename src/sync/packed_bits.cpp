#include "sync/packed_bits.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/error.hpp"

namespace jaunt::sync {

namespace {

constexpr std::uint64_t low_bits(std::uint64_t value, unsigned bits) {
  return bits >= 64 ? value : value & ((std::uint64_t{1} << bits) - 1);
}

std::uint64_t big_endian(base::ByteView bytes) {
  std::uint64_t value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return __builtin_bswap64(value);
}

}  // namespace

void BitWriter::put(std::uint64_t value, unsigned bits) {
  for (unsigned left = bits; left > 0;) {
    if (free_ == 0) {
      bytes_.push_back(std::byte{0});
      free_ = 8;
    }
    const unsigned now = std::min(left, free_);
    left -= now;
    free_ -= now;
    bytes_.back() |= std::byte(low_bits(value >> left, now) << free_);
  }
}

std::uint64_t BitReader::take(unsigned bits) {
  base::invariant(at_ + bits <= bytes_.size() * 8, "packed bits are read within their bytes");
  std::uint64_t value = 0;
  for (unsigned left = bits; left > 0;) {
    const unsigned offset = at_ % 8;
    const unsigned now = std::min(left, 8 - offset);
    const auto byte = std::to_integer<unsigned>(bytes_[static_cast<std::size_t>(at_ / 8)]);
    value = value << now | (byte >> (8 - offset - now) & ((1U << now) - 1));
    left -= now;
    at_ += now;
  }
  return value;
}

std::uint64_t id_head(const model::BlockId& id) {
  return big_endian(id.bytes);
}

std::uint64_t id_bits(const model::BlockId& id, unsigned first, unsigned bits) {
  if (bits == 0)
    return 0;
  const std::uint64_t head = big_endian(id.bytes);
  const std::uint64_t tail = big_endian(std::span(id.bytes).subspan(8));
  const std::uint64_t from_first = first == 0   ? head
                                   : first < 64 ? head << first | tail >> (64 - first)
                                                : tail << (first - 64);
  return from_first >> (64 - bits);
}

void set_id_bits(model::BlockId& id, unsigned first, unsigned bits, std::uint64_t value) {
  for (unsigned i = 0; i < bits; ++i) {
    const unsigned at = first + i;
    const std::byte bit = std::byte{0x80} >> at % 8;
    if ((value >> (bits - 1 - i) & 1) != 0)
      id.bytes[at / 8] |= bit;
    else
      id.bytes[at / 8] &= ~bit;
  }
}

std::uint64_t hash_bits(base::ByteView hash, unsigned bits) {
  return bits == 0 ? 0 : big_endian(hash) >> (64 - bits);
}

}  // namespace jaunt::sync
