#include "codec/encoder.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include "base/process.hpp"

namespace jaunt::codec {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kGzipHead = 10;  // that gzip -n writes
constexpr std::byte kGzipNamed{8};

struct Known {
  std::array<unsigned char, 4> magic;
  std::size_t magic_bytes;
  Compression compression;
};

// gzip of mkinitramfs and logrotate is GNU's at 6. zstd's output does not depend on how many threads there are, xz's
// on whether there are several.
const std::array<Known, 4>& known() {
  static const std::array<Known, 4> all{
      {{{0x1f, 0x8b, 0x08, 0},
        3,
        {"gzip",
         {"gzip", "-dc"},
         {{"gzip -6", {"gzip", "-nc", "-6"}, kGzipHead},
          {"gzip -9", {"gzip", "-nc", "-9"}, kGzipHead},
          {"gzip -1", {"gzip", "-nc", "-1"}, kGzipHead}}}},
       {{0x28, 0xb5, 0x2f, 0xfd},
        4,
        {"zstd",
         {"zstd", "-dqc"},
         {{"zstd -9", {"zstd", "-qc", "-9"}},
          {"zstd -3", {"zstd", "-qc", "-3"}},
          {"zstd -3 of a file", {"zstd", "-qc", "-3"}, 0, true},
          {"zstd -9 of a file", {"zstd", "-qc", "-9"}, 0, true},
          {"zstd -1", {"zstd", "-qc", "-1"}},
          {"zstd -19", {"zstd", "-qc", "-19"}},
          {"zstd -19 of a file", {"zstd", "-qc", "-19"}, 0, true}}}},
       {{0xfd, '7', 'z', 'X'},
        4,
        {"xz",
         {"xz", "-dc"},
         {{"xz -6 crc32", {"xz", "-c", "-6", "-T1", "--check=crc32"}},
          {"xz -6 crc32 blocks", {"xz", "-c", "-6", "-T2", "--check=crc32"}},
          {"xz -6", {"xz", "-c", "-6", "-T1"}}}}},
       {{0x02, 0x21, 0x4c, 0x18},
        4,
        {"lz4",
         {"lz4", "-dc"},
         {{"lz4 -9 legacy", {"lz4", "-qlc", "-9"}}, {"lz4 -1 legacy", {"lz4", "-qlc", "-1"}}}}}}};
  return all;
}

// The first word that begins with a digit and has a dot.
std::string version_in(std::string_view text) {
  constexpr std::string_view kOfVersions = "0123456789.";
  for (std::size_t at = 0; (at = text.find_first_of("0123456789", at)) != text.npos;) {
    const std::size_t end = std::min(text.find_first_not_of(kOfVersions, at), text.size());
    if (text.substr(at, end - at).find('.') != text.npos)
      return std::string(text.substr(at, end - at));
    at = end;
  }
  return {};
}

std::string look_up(std::string_view program) {
  try {
    const auto told =
        base::run({.argv = {std::string(program), "--version"}, .environment = {"LC_ALL=C"}, .confinement = {}}, 10s,
                  base::ByteCount(base::kMiB));
    return told.status.success() ? version_in(told.out) : std::string();
  } catch (const base::Error&) {
    return {};
  }
}

}  // namespace

std::vector<std::string> Encoder::command(std::uint64_t plain_bytes) const {
  std::vector<std::string> words = argv;
  if (told_size)
    words.push_back("--stream-size=" + std::to_string(plain_bytes));
  return words;
}

const Compression* compression_of(base::ByteView begin) {
  for (const Known& one : known())
    if (begin.size() >= one.magic_bytes &&
        std::ranges::equal(begin.first(one.magic_bytes), std::as_bytes(std::span(one.magic)).first(one.magic_bytes)))
      return &one.compression;
  return nullptr;
}

std::optional<NamedEncoder> encoder_named(std::string_view name) {
  for (const Known& one : known())
    for (const Encoder& encoder : one.compression.encoders)
      if (encoder.name == name)
        return NamedEncoder{&one.compression, &encoder};
  return std::nullopt;
}

std::string version_of(std::string_view program) {
  static std::mutex mutex;
  static std::map<std::string, std::string, std::less<>> versions;
  const std::scoped_lock lock(mutex);
  const auto found = versions.find(program);
  return found != versions.end() ? found->second
                                 : versions.emplace(std::string(program), look_up(program)).first->second;
}

std::optional<std::size_t> own_head(const Compression& compression, base::ByteView begin) {
  if (compression.program != "gzip")
    return 0;
  if (begin.size() < kGzipHead)
    return std::nullopt;
  if (begin[3] == std::byte{0})
    return kGzipHead;
  if (begin[3] != kGzipNamed)
    return std::nullopt;
  const auto end = std::find(begin.begin() + kGzipHead, begin.end(), std::byte{0});
  if (end == begin.end())
    return std::nullopt;
  return static_cast<std::size_t>(end - begin.begin()) + 1;
}

}  // namespace jaunt::codec
