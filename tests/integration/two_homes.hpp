// A source and a destination on one machine, and images whose blocks are numbers.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/process.hpp"
#include "chunkstore/catalog.hpp"
#include "disk/chain.hpp"

namespace jaunt::test_support {

namespace fs = std::filesystem;
using Json = nlohmann::json;

inline constexpr std::size_t kBlock = model::kBlockBytes;

// Makes an image known to a home, as a scan of its folder would.
inline void catalogue(const fs::path& home, const fs::path& image, const std::string& format) {
  std::this_thread::sleep_for(std::chrono::milliseconds(25));  // a file of this very instant is only a hint
  const disk::Chain chain =
      disk::resolve_chain({.path = image, .format = format}, {.folders = {image.parent_path()}, .devices = {}});
  chunkstore::Catalog catalog(home);
  const chunkstore::EntryRecord entry{.location = chain.top().path, .format = format};
  catalog.add_entry(entry);
  chunkstore::ImageRecord record{.entry = key_of(entry), .path = chain.top().path, .size = chain.size()};
  base::Progress silent;
  for (std::size_t i = 0; i < chain.layers.size(); ++i) {
    catalog.scan_layer(chain, i, {}, silent);
    record.layers.push_back(
        chunkstore::layer_key(chunkstore::kDefaultRealm, chain.layers[i].path, chain.layers[i].format));
  }
  catalog.put_image(record);
}

struct TwoHomes {
  base::TemporaryDirectory folder{"/var/tmp"};
  fs::path source = folder.path() / "a";
  fs::path destination = folder.path() / "b";
  fs::path images = folder.path() / "images";
  std::vector<std::string> allowed{images.string()};  // that both may read
  std::vector<std::string> more_environment;

  TwoHomes() {
    for (const fs::path& home : {source, destination}) {
      fs::create_directory(home);
      fs::permissions(home, fs::perms::owner_all);
    }
    fs::create_directory(images);
  }

  // The program at the destination.
  base::Command command(std::vector<std::string> words) const {
    words.insert(words.begin(), JAUNT_PROGRAM);
    std::string folders;
    for (const std::string& name : allowed)
      folders += (folders.empty() ? "" : ":") + name;
    base::Command command{.argv = std::move(words),
                          .environment = {"JAUNT_HOME=" + destination.string(), "JAUNT_IMAGES_FOLDERS=" + folders,
                                          "JAUNT_APPLIANCE_FOLDER=/var/tmp/jaunt-test-appliance"},
                          .confinement = std::nullopt};
    command.environment.insert(command.environment.end(), more_environment.begin(), more_environment.end());
    return command;
  }
  base::Captured jaunt(std::vector<std::string> words) const {
    return base::run(command(std::move(words)), std::chrono::minutes(10), base::ByteCount(64 * base::kMiB));
  }
  // Of a machine of the source.
  Json plan_of(const std::string& machine, std::vector<std::string> options = {}) const {
    options.insert(options.begin(), {"plan", "--json", "--to", folder.path().string()});
    options.push_back(machine + "@home:" + source.string());
    const base::Captured result = jaunt(options);
    INFO(result.err << result.out);
    REQUIRE(result.status.code == 0);
    return Json::parse(result.out);
  }
  Json plan(const fs::path& image, std::vector<std::string> options = {}) const {
    options.insert(options.begin(), {"--format", "raw"});
    return plan_of(image.string(), std::move(options));
  }
};

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

inline std::uint64_t bytes_from(const Json& shares, const std::string& source) {
  for (const Json& share : shares)
    if (share["source"] == source)
      return share["bytes"];
  return 0;
}

}  // namespace jaunt::test_support
