// Images whose blocks are numbers, and homes that know them.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "chunkstore/catalog.hpp"
#include "chunkstore/store.hpp"
#include "disk/chain.hpp"

namespace jaunt::test_support {

namespace fs = std::filesystem;

inline constexpr std::size_t kBlock = model::kBlockBytes;

using Blocks = std::vector<std::uint64_t>;  // what each block is filled with; 0 is a zero block

inline fs::path image_of(const fs::path& path, const Blocks& blocks) {
  std::ofstream file(path, std::ios::binary);
  for (const std::uint64_t seed : blocks) {
    std::mt19937_64 random(seed);
    std::string block(kBlock, '\0');
    if (seed != 0)
      for (char& c : block)
        c = static_cast<char>(random());
    file << block;
  }
  return path;
}

inline Blocks numbered(std::uint64_t first, std::size_t count) {
  Blocks blocks(count);
  for (std::size_t i = 0; i < count; ++i)
    blocks[i] = first + i;
  return blocks;
}

inline Blocks operator+(Blocks left, const Blocks& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

// Makes an image known to a home, as a scan of its folder would.
inline void catalogue(const fs::path& home, const fs::path& image, const std::string& format,
                      const chunkstore::StoreRealm& realm = {}) {
  std::this_thread::sleep_for(std::chrono::milliseconds(25));  // a file of this very instant is only a hint
  const disk::Chain chain =
      disk::resolve_chain({.path = image, .format = format}, {.folders = {image.parent_path()}, .devices = {}});
  chunkstore::Catalog catalog(home);
  const chunkstore::EntryRecord entry{.realm = realm.name, .location = chain.top().path, .format = format};
  catalog.add_entry(entry);
  chunkstore::ImageRecord record{
      .realm = realm.name, .entry = key_of(entry), .path = chain.top().path, .size = chain.size()};
  base::Progress silent;
  for (std::size_t i = 0; i < chain.layers.size(); ++i) {
    catalog.scan_layer(chain, i, {.key = realm.key}, silent, {}, realm.name);
    record.layers.push_back(chunkstore::layer_key(realm.name, chain.layers[i].path, chain.layers[i].format));
  }
  catalog.put_image(record);
}

}  // namespace jaunt::test_support
