// A small disk and two small images, for fuzzing the two sides of a comparison.
#pragma once

#include <cstddef>
#include <random>
#include <vector>

#include "base/file.hpp"
#include "expect.hpp"
#include "support/difference_world.hpp"
#include "support/quick_folder.hpp"

namespace jaunt::fuzz {

struct Conversation {
  base::TemporaryDirectory folder{testing::quick_folder()};
  testing::DifferenceTrees trees{world(), folder.path()};

  // Much of the disk lies in the images, in place and moved, with something else between.
  static testing::DifferenceWorld world() {
    std::mt19937_64 random(7);
    testing::DifferenceWorld world;
    world.size = 1200 * model::kBlockBytes + 100;
    world.base_size = 900 * model::kBlockBytes;
    world.held.resize(2);
    for (std::uint64_t block = 0; block < 800; ++block) {
      world.held[block % 400 < 300 ? 0 : 1][block] = testing::random_id(random);
      world.wanted[block + (block < 256 ? 0 : 37)] =
          block % 50 == 0 ? testing::random_id(random) : world.held[block % 400 < 300 ? 0 : 1][block];
    }
    world.elided.insert({base::ByteOffset(64 * model::kBlockBytes), base::ByteCount(30 * model::kBlockBytes)});
    return world;
  }

  std::vector<sync::OfferedDisk> offered() const {
    return {{"vda", &trees.wanted->view(), trees.wanted->view().elided()}};
  }
};

// Takes bytes from the input until there are none.
class Input {
 public:
  explicit Input(base::ByteView bytes) : bytes_(bytes) {}

  bool empty() const { return bytes_.empty(); }
  base::ByteView take(std::size_t count) {
    const auto taken = bytes_.first(std::min(count, bytes_.size()));
    bytes_ = bytes_.subspan(taken.size());
    return taken;
  }
  std::size_t number(std::size_t bytes) {
    std::size_t value = 0;
    for (const std::byte byte : take(bytes))
      value = value << 8 | std::to_integer<std::size_t>(byte);
    return value;
  }

 private:
  base::ByteView bytes_;
};

}  // namespace jaunt::fuzz
