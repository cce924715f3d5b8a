// Verbs for tests about trees: images in memory made into files, scanned, and compared with the definition.
#pragma once

#include <random>

#include <fcntl.h>

#include "base/file.hpp"
#include "disk/raw_image.hpp"
#include "disk/scan.hpp"
#include "support/naive_tree.hpp"
#include "support/quick_folder.hpp"

namespace jaunt::testing {

// A sparse file of exactly these bytes: runs of zeros become holes.
inline void write_sparse(const std::filesystem::path& path, base::ByteView image) {
  const auto file = base::File::open(path, O_RDWR | O_CREAT | O_TRUNC);
  for (std::size_t at = 0; at < image.size(); at += 4096) {
    const auto block = image.subspan(at, std::min<std::size_t>(4096, image.size() - at));
    if (!model::is_zero(block))
      file.write_all(base::ByteOffset(at), block);
  }
  file.truncate(base::ByteCount(image.size()));
}

// An image with holes, runs of data, blocks that repeat, zero blocks inside data, and mostly an odd size.
inline base::Bytes random_image(std::mt19937_64& random, std::size_t blocks_max) {
  base::Bytes image(random() % (blocks_max * 4096));
  for (std::size_t at = 0; at < image.size();) {
    const std::size_t run = 1 + random() % (image.size() / 3 + 1);
    const auto kind = random() % 4;
    for (std::size_t i = at; i < std::min(at + run, image.size()) && kind != 0; i += 1 + random() % 700)
      image[i] = kind == 1 ? std::byte(i / 4096 % 3) : std::byte(random());
    at += run;
  }
  if (image.size() > 3 * 4096 && random() % 2 == 0)
    std::copy_n(image.begin(), 4096, image.end() - static_cast<std::ptrdiff_t>(image.size() % 4096 + 4096));
  return image;
}

inline model::ExtentSet random_extents(std::mt19937_64& random, std::size_t image_bytes) {
  model::ExtentSet extents;
  for (auto count = random() % 5; count > 0 && image_bytes > 0; --count) {
    const auto offset = random() % image_bytes;
    extents.insert({base::ByteOffset(offset), base::ByteCount(1 + random() % (image_bytes - offset))});
  }
  return extents;
}

inline disk::ScanResult scan_file(const std::filesystem::path& image, const disk::ScanOptions& options) {
  base::Progress silent;
  return disk::scan(*disk::open_raw(image), options, silent);
}

}  // namespace jaunt::testing
