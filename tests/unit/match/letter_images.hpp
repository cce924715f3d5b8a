// Small images written as letters, and their trees.
#pragma once

#include <string>
#include <string_view>

#include "support/tree_fixture.hpp"

namespace jaunt::testing {

struct LetterImages {
  base::TemporaryDirectory folder{quick_folder()};
  int made = 0;

  // An image of one block for every letter, equal where the letters are; '.' is a zero block.
  model::TreeFile tree(std::string_view letters, const disk::ScanOptions& options = {}) {
    base::Bytes image;
    for (const char letter : letters)
      image.insert(image.end(), model::kBlockBytes, letter == '.' ? std::byte{0} : std::byte(letter));
    const std::string name = std::to_string(made++);
    write_sparse(folder.path() / name, image);
    disk::ScanOptions with_path = options;
    with_path.tree_path = folder.path() / (name + ".tree");
    scan_file(folder.path() / name, with_path);
    return model::TreeFile(with_path.tree_path);
  }
};

// The blocks from `first` on, so many.
inline model::ExtentSet blocks(std::uint64_t first, std::uint64_t count) {
  model::ExtentSet set;
  set.insert({base::ByteOffset(first * model::kBlockBytes), base::ByteCount(count * model::kBlockBytes)});
  return set;
}

}  // namespace jaunt::testing
