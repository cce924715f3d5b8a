// A package mirror on this machine: real packages, served over HTTP as good and bad mirrors do.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>

#include "base/file.hpp"
#include "base/process.hpp"

namespace jaunt::test_support {

namespace fs = std::filesystem;

inline void run_or_fail(std::vector<std::string> words) {
  const base::Captured result = base::run({.argv = std::move(words), .environment = {}, .confinement = {}},
                                          std::chrono::minutes(5), base::ByteCount(16 * base::kMiB));
  INFO(result.err << result.out);
  REQUIRE(result.status.success());
}

// tests/support/mirror-server, from construction on.
class MirrorServer {
 public:
  MirrorServer(const fs::path& folder, std::vector<std::string> faults = {}) {
    std::vector<std::string> words{JAUNT_TEST_SUPPORT "/mirror-server", folder.string(), (home_.path() / "port").string(),
                                   (home_.path() / "log").string()};
    words.insert(words.end(), faults.begin(), faults.end());
    child_.emplace(base::Child::start({.argv = words, .environment = {}, .confinement = {}}, {.in = -1, .out = -1, .err = 2}));
    for (int turn = 0; turn < 600 && !fs::exists(home_.path() / "port"); ++turn)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    REQUIRE(fs::exists(home_.path() / "port"));
    port_ = base::read_text_file(home_.path() / "port", base::ByteCount(100));
  }

  std::string url() const { return "http://127.0.0.1:" + port_ + "/"; }
  // "STATUS FIRST_BYTE PATH" of each request so far.
  std::vector<std::string> requests() const {
    std::vector<std::string> lines;
    std::ifstream log(home_.path() / "log");
    for (std::string line; std::getline(log, line);)
      lines.push_back(line);
    return lines;
  }

 private:
  base::TemporaryDirectory home_;
  std::optional<base::Child> child_;
  std::string port_;
};

// Bytes that nothing makes smaller, the same for the same seed.
inline std::string noise_text(std::size_t bytes, std::uint64_t seed) {
  std::string text(bytes, '\0');
  for (char& c : text) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    c = static_cast<char>(seed >> 56);
  }
  return text;
}

struct DebFile {
  std::string path;  // "usr/bin/thing"
  std::string content;
};

// NAME_VERSION_all.deb in `folder`, made by dpkg-deb.
inline fs::path make_deb(const fs::path& folder, const std::string& name, const std::string& version,
                         const std::vector<DebFile>& files, const std::string& compression = "xz") {
  const base::TemporaryDirectory root;
  fs::create_directories(root.path() / "DEBIAN");
  base::write_text_file(root.path() / "DEBIAN/control",
                        "Package: " + name + "\nVersion: " + version +
                            "\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: a thing\n");
  fs::permissions(root.path(), fs::perms(0755));
  fs::permissions(root.path() / "DEBIAN", fs::perms(0755));
  for (const DebFile& file : files) {
    fs::create_directories((root.path() / file.path).parent_path());
    std::ofstream(root.path() / file.path, std::ios::binary) << file.content;
  }
  const fs::path deb = folder / (name + "_" + version + "_all.deb");
  run_or_fail({"dpkg-deb", "-Z" + compression, "-b", root.path().string(), deb.string()});
  return deb;
}

// As tests/support/apt-repository makes it; what packages there are is told by file.
inline void make_repository(const fs::path& folder, const std::string& suite, const std::vector<fs::path>& debs) {
  std::vector<std::string> words{JAUNT_TEST_SUPPORT "/apt-repository", folder.string(), suite};
  for (const fs::path& deb : debs)
    words.push_back(deb.string());
  run_or_fail(std::move(words));
}

}  // namespace jaunt::test_support
