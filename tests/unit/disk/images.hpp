// Images for the tests of src/disk, made by QEMU's own tools.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "disk/chain.hpp"
#include "disk/image.hpp"
#include "support/failure.hpp"

namespace jaunt::disk::test {

using test_support::failure_of;

// A folder of images that is allowed, beside one that is not.
class Images {
 public:
  std::filesystem::path path(const std::string& name) const { return allowed_.path() / name; }
  std::filesystem::path outside(const std::string& name) const { return outside_.path() / name; }
  const std::filesystem::path& folder() const { return allowed_.path(); }
  Policy policy() const { return {.folders = {allowed_.path()}, .devices = {}}; }

  // Runs a program in the allowed folder; it must succeed.
  void run(std::vector<std::string> argv) const;
  // `qemu-io -c COMMAND` on a qcow2 without opening its backing file's format by guess.
  void qemu_io(const std::string& command, const std::string& name, const std::string& format = "qcow2") const;
  Chain chain(const std::string& name, std::optional<std::string> format = std::nullopt) const;

 private:
  base::TemporaryDirectory allowed_;
  base::TemporaryDirectory outside_;
};

// Bytes that differ from block to block and from seed to seed; none of the blocks is zero.
base::Bytes noise(std::size_t size, std::uint32_t seed);

base::Bytes filled(std::size_t size, int value);

base::Bytes read_range(const Image& image, std::uint64_t at, std::size_t length);
base::Bytes read_all(const Image& image);

// Allocation of the whole image, neighbours that say the same joined.
std::vector<Allocation> map_of(const Image& image);

base::Bytes file_bytes(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, base::ByteView bytes);
void patch_file(const std::filesystem::path& path, std::uint64_t at, base::ByteView bytes);

// base.raw <- middle.qcow2 <- top.qcow2 of 1 MiB each, in clusters of 64 KiB: base holds 0 to 3 (ones), middle hides
// 1 (twos) and zeroes 2, top hides 3 (threes).
inline constexpr std::size_t kCluster = 65536;
void make_three_layers(const Images& images);

}  // namespace jaunt::disk::test
