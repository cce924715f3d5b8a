// A farm of made-up images around the trees of real guests, for bench/match.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace jaunt::bench {

struct FarmImage {
  std::string name;
  std::vector<std::uint32_t> layers;  // top first, indices into Farm::trees
};

// Images and the trees of their layers. The first trees are those of the real guests, whose images come first too.
struct Farm {
  std::vector<std::filesystem::path> trees;
  std::vector<FarmImage> images;
  std::size_t guests = 0;
  std::uint64_t distinct_ids = 0;
};

// `images` images that share `distinct_ids` ids, in the given folder: the guests; installations of their own whose
// blocks are four fifths those of a guest, at other places, and else new; and clones, one to three thin layers with
// some new blocks and some of other guests on one of the former. The same every time; takes a minute.
Farm make_farm(const std::filesystem::path& folder, const std::vector<std::filesystem::path>& guest_trees,
               std::size_t images, std::uint64_t distinct_ids);

Farm load_farm(const std::filesystem::path& folder);

}  // namespace jaunt::bench
