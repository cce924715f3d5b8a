// Rows of bits of one length, one for each layer or stack.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace jaunt::match {

using BitRow = std::span<std::uint64_t>;
using ConstBitRow = std::span<const std::uint64_t>;

inline void set_bit(BitRow row, std::size_t bit) {
  row[bit / 64] |= std::uint64_t{1} << (bit % 64);
}

inline bool has_bit(ConstBitRow row, std::size_t bit) {
  return (row[bit / 64] >> (bit % 64) & 1) != 0;
}

class BitRows {
 public:
  BitRows(std::size_t rows, std::size_t bits) : rows_(rows), words_((bits + 63) / 64), bits_(rows * words_) {}

  std::size_t rows() const { return rows_; }

  BitRow operator[](std::size_t row) { return std::span(bits_).subspan(row * words_, words_); }
  ConstBitRow operator[](std::size_t row) const { return std::span(bits_).subspan(row * words_, words_); }
  void clear() { std::fill(bits_.begin(), bits_.end(), 0); }

 private:
  std::size_t rows_;
  std::size_t words_;
  std::vector<std::uint64_t> bits_;
};

inline void add_row(BitRow into, ConstBitRow row) {
  for (std::size_t i = 0; i < into.size(); ++i)
    into[i] |= row[i];
}

// Calls visit(bit) for each bit of word(0), word(1), ... below `words`, ascending.
template <typename Word, typename Visit>
void each_bit(std::size_t words, const Word& word, const Visit& visit) {
  for (std::size_t i = 0; i < words; ++i)
    for (std::uint64_t left = word(i); left != 0; left &= left - 1)
      visit(i * 64 + static_cast<std::size_t>(std::countr_zero(left)));
}

}  // namespace jaunt::match
