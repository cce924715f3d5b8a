// What bench/scan runs: one scan of a raw image, measured from inside. Prints one JSON object.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include "base/file.hpp"
#include "disk/raw_image.hpp"
#include "disk/scan.hpp"

using namespace jaunt;

namespace {

// The largest anonymous memory seen, by looking every few milliseconds; the kernel keeps no high-water mark of it.
class AnonymousMemory {
 public:
  std::uint64_t peak_bytes() {
    watcher_.request_stop();
    watcher_.join();
    return peak_kib_ * base::kKiB;
  }

 private:
  void watch(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const std::string status = base::read_text_file("/proc/self/status", base::ByteCount(base::kMiB));
      const auto at = status.find("RssAnon:");
      if (at != std::string::npos)
        peak_kib_ = std::max<std::uint64_t>(peak_kib_, std::stoull(status.substr(at + 8)));
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  std::uint64_t peak_kib_ = 0;
  std::jthread watcher_{[this](const std::stop_token& stop) { watch(stop); }};
};

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int run(const char* image_path, const char* tree_path, unsigned threads) {
  AnonymousMemory memory;
  base::Progress silent;
  const auto start = std::chrono::steady_clock::now();
  const auto image = disk::open_raw(image_path);
  const auto result = disk::scan(*image, {.tree_path = tree_path, .threads = threads}, silent);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const nlohmann::json report = {
      {"seconds", elapsed.count()},
      {"cpu_seconds", cpu_seconds()},
      {"bytes_read", result.bytes_read.value},
      {"nonzero_bytes", result.tree.nonzero_blocks * model::kBlockBytes},
      {"unique_ids", result.tree.unique_ids},
      {"root", base::to_hex(result.tree.root)},
      {"peak_rss_bytes", static_cast<std::uint64_t>(usage.ru_maxrss) * base::kKiB},
      {"peak_anonymous_bytes", memory.peak_bytes()},
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
