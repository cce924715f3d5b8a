// Random disks with bytes: one that is wanted, and images of the destination that have something of it; as raw files
// with their trees.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <fcntl.h>

#include "base/file.hpp"
#include "base/progress.hpp"
#include "disk/raw_image.hpp"
#include "disk/scan.hpp"
#include "model/tree_file.hpp"
#include "support/tree_source.hpp"

namespace jaunt::testing {

using SeedMap = std::map<std::uint64_t, std::uint64_t>;  // block: what it is filled with; others are zero

inline constexpr std::uint64_t kNextVersion = std::uint64_t{1} << 32;  // added to a seed: the same with a few changes

inline base::Bytes block_of(std::uint64_t seed) {
  base::Bytes bytes(model::kBlockBytes);
  std::mt19937_64 random(seed % kNextVersion);
  const bool text = seed % 3 != 0;  // that compresses
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = text && i % 64 >= 8 ? std::byte(' ') : std::byte(random());
  for (std::uint64_t version = seed / kNextVersion; version > 0; --version)
    bytes[random() % bytes.size()] ^= std::byte{1};
  return bytes;
}

inline void write_blocks(const std::filesystem::path& path, std::uint64_t size, const SeedMap& blocks) {
  const auto file = base::File::open(path, O_RDWR | O_CREAT | O_TRUNC);
  file.truncate(base::ByteCount(size));
  for (const auto& [block, seed] : blocks) {
    const base::Bytes bytes = block_of(seed);
    const std::uint64_t at = block * model::kBlockBytes;
    file.write_all(base::ByteOffset(at),
                   base::ByteView(bytes).first(std::min<std::uint64_t>(bytes.size(), size - at)));
  }
}

// A raw file and its tree, of which the file may no longer be the one.
struct ScannedImage {
  std::filesystem::path path;
  std::unique_ptr<disk::Image> image;
  std::unique_ptr<model::TreeFile> tree;

  explicit ScannedImage(std::filesystem::path raw, const model::ExtentSet& elided = {})
      : path(std::move(raw)), image(disk::open_raw(path)) {
    base::Progress silent;
    const auto tree_path = path.string() + ".tree";
    disk::scan(*image, {.tree_path = tree_path, .threads = 1, .elided = elided}, silent);
    tree = std::make_unique<model::TreeFile>(tree_path);
  }
};

// Those images as a source of blocks, with bytes: part n is image n.
class ImagesSource final : public TreeSource {
 public:
  explicit ImagesSource(const std::vector<std::unique_ptr<ScannedImage>>& images)
      : TreeSource(trees_of(images)), images_(images) {}

  std::unique_ptr<chunkstore::SourceReader> reader() const override { return std::make_unique<Reader>(images_); }

 private:
  using Images = std::vector<std::unique_ptr<ScannedImage>>;

  class Reader final : public chunkstore::SourceReader {
   public:
    explicit Reader(const Images& images) : images_(images) {}
    bool read(const chunkstore::Place& place, std::span<std::byte, model::kBlockBytes> into) override {
      std::ranges::fill(into, std::byte{0});
      try {
        const auto file = base::File::open(images_.at(place.part)->path, O_RDONLY);
        return file.read_some(model::BlockIndex(place.block).offset(), into) > 0;
      } catch (const base::Error&) {
        return false;
      }
    }

   private:
    const Images& images_;
  };

  static std::vector<const model::TreeView*> trees_of(const Images& images) {
    std::vector<const model::TreeView*> trees;
    for (const auto& image : images)
      trees.push_back(&image->tree->view());
    return trees;
  }

  const Images& images_;
};

struct ImageWorld {
  std::uint64_t size = 0;
  SeedMap wanted;
  model::ExtentSet elided;
  std::vector<SeedMap> held;  // the first is the base, if there is one
  std::vector<std::uint64_t> held_sizes;
};

// `clusters` of blocks that nobody else has, at most.
inline ImageWorld random_image_world(std::mt19937_64& random, std::uint64_t clusters = 8) {
  ImageWorld world;
  world.size = 1 + random() % (random() % 4 == 0 ? 60'000 : std::uint64_t{1} << (14 + random() % 12));
  const std::uint64_t blocks = model::block_count(base::ByteCount(world.size));
  const auto scatter = [&](SeedMap& image, std::uint64_t end) {
    for (auto left_over = random() % clusters; left_over > 0; --left_over) {
      std::uint64_t at = random() % end;
      for (auto left = random() % 200; left > 0 && at < end; --left, at += random() % 8 == 0 ? 1 + random() % 9 : 1)
        image[at] = 1 + random() % 5000;
    }
  };
  world.held.resize(random() % 4);
  for (SeedMap& image : world.held) {
    world.held_sizes.push_back(random() % 2 == 0 ? world.size : 1 + random() % (2 * world.size));
    scatter(image, model::block_count(base::ByteCount(world.held_sizes.back())));
  }
  if (!world.held.empty() && random() % 3 != 0)
    world.wanted = world.held[0];
  scatter(world.wanted, blocks);
  for (const SeedMap& image : world.held) {
    const auto by = random() % blocks;
    for (const auto& [block, seed] : image)
      if (random() % 4 == 0)
        world.wanted[(block + by) % blocks] = seed;
  }
  std::erase_if(world.wanted, [&](const auto& block) { return block.first >= blocks || random() % 16 == 0; });
  for (auto count = random() % 4; count > 0 && blocks > 1; --count) {
    const std::uint64_t first = random() % (blocks - 1);
    world.elided.insert({base::ByteOffset(first * model::kBlockBytes),
                         base::ByteCount(model::kBlockBytes * std::min(1 + random() % 50, blocks - 1 - first))});
  }
  return world;
}

}  // namespace jaunt::testing
