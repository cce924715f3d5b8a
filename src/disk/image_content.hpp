// What all writers of images share.
#pragma once

#include <algorithm>

#include "base/bytes.hpp"
#include "base/file.hpp"
#include "base/units.hpp"
#include "model/block.hpp"

namespace jaunt::disk {

// Calls `data` and `zeros` for the runs of blocks that `bytes` is made of, blocks being those of the image.
template <typename Data, typename Zeros>
void split_zero_runs(base::ByteOffset at, base::ByteView bytes, Data data, Zeros zeros) {
  const auto next_boundary = [&](std::size_t from) {
    const auto to_boundary = model::kBlockBytes - (at.value + from) % model::kBlockBytes;
    return std::min(bytes.size(), from + to_boundary);
  };
  for (std::size_t begin = 0, end = 0; begin < bytes.size(); begin = end) {
    end = next_boundary(begin);
    const bool zero = model::is_zero(bytes.subspan(begin, end - begin));
    while (end < bytes.size() && model::is_zero(bytes.subspan(end, next_boundary(end) - end)) == zero)
      end = next_boundary(end);
    const base::ByteOffset run = at + base::ByteCount(begin);
    if (zero)
      zeros(run, base::ByteCount(end - begin));
    else
      data(run, bytes.subspan(begin, end - begin));
  }
}

// Makes a range of a raw file read as zeros, and take no space where the filesystem can do that.
void put_raw_zeros(const base::File& file, base::ByteOffset at, base::ByteCount length);

}  // namespace jaunt::disk
