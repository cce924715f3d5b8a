// What bench/scan runs and measures: one scan of a raw image. Prints one JSON object.
#include <cstdio>
#include <exception>
#include <string>

#include <nlohmann/json.hpp>

#include "disk/raw_image.hpp"
#include "disk/scan.hpp"

using namespace jaunt;

namespace {

int run(const char* image_path, const char* tree_path, unsigned threads) {
  base::Progress silent;
  const auto image = disk::open_raw(image_path);
  const auto result = disk::scan(*image, {.tree_path = tree_path, .threads = threads}, silent);
  const nlohmann::json report = {
      {"bytes_read", result.bytes_read.value},
      {"nonzero_bytes", result.tree.nonzero_blocks * model::kBlockBytes},
      {"unique_ids", result.tree.unique_ids},
      {"root", base::to_hex(result.tree.root)},
  };
  std::puts(report.dump().c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: scan_driver IMAGE TREE THREADS\n", stderr);
    return 2;
  }
  try {
    return run(argv[1], argv[2], static_cast<unsigned>(std::stoul(argv[3])));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "scan_driver: %s\n", error.what());
    return 1;
  }
}
