#include "engine/package_list.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <tuple>

#include "base/error.hpp"
#include "codec/zstd_frame.hpp"

namespace jaunt::engine {

namespace tp = transport;
using base::Error;
using base::ErrorKind;

namespace {

constexpr std::size_t kPackagesMax = 200'000;
constexpr std::size_t kWordBytesMax = 512;
constexpr int kLevel = 9;

bool is_word(std::string_view word) {
  return !word.empty() && word.size() <= kWordBytesMax &&
         std::ranges::all_of(word, [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

template <typename Visit>
void each_package(const model::Description& description, const Visit& visit) {
  for (const model::OperatingSystem& system : description.systems)
    for (const model::Package& package : system.packages)
      if (is_word(package.name) && is_word(package.version) && is_word(package.arch))
        visit(package);
}

[[noreturn]] void refuse(ErrorKind kind, const char* cause) {
  throw Error(kind, "understand", "the other node's list of packages", cause);
}

model::Package package_in(std::string_view line) {
  std::array<std::string_view, 3> words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto end = i + 1 < words.size() ? line.find(' ') : line.size();
    words[i] = line.substr(0, end);
    if (end == line.npos || !is_word(words[i]))
      refuse(ErrorKind::corrupt, "a line has not a name, a version and an architecture");
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return {.name = std::string(words[0]), .version = std::string(words[1]), .arch = std::string(words[2])};
}

}  // namespace

std::uint32_t count_packages(const model::Description& description) {
  std::uint32_t count = 0;
  each_package(description, [&](const model::Package&) { ++count; });
  return count;
}

tp::Packages told_packages(const model::Description& description) {
  std::string text;
  std::size_t count = 0;
  each_package(description, [&](const model::Package& package) {
    const std::string line = package.name + " " + package.version + " " + package.arch + "\n";
    if (count < kPackagesMax && text.size() + line.size() <= tp::kPackagesBytesMax) {
      text += line;
      ++count;
    }
  });
  tp::Packages told;
  if (!text.empty() &&
      codec::FrameCompressor(kLevel).append_frame(base::as_bytes(text), tp::kPackagesPieceMax, told.list))
    told.bytes = text.size();
  return told;
}

std::vector<model::Package> understood_packages(const tp::Packages& told) {
  base::Bytes bytes(told.bytes);
  if (told.bytes > 0)
    codec::FrameDecompressor().decompress(told.list, bytes);
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::vector<model::Package> packages;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (packages.size() == kPackagesMax)
      refuse(ErrorKind::limit, "it has too many");
    packages.push_back(package_in(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const auto parts = [](const model::Package& package) {
    return std::tie(package.name, package.arch, package.version);
  };
  std::ranges::sort(packages, {}, parts);
  packages.erase(std::ranges::unique(packages).begin(), packages.end());
  return packages;
}

}  // namespace jaunt::engine
