#include "unit/disk/images.hpp"

#include <algorithm>
#include <chrono>

#include <doctest/doctest.h>
#include <fcntl.h>

#include "base/error.hpp"
#include "base/process.hpp"

namespace jaunt::disk::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using base::ByteCount;
using base::ByteOffset;

void Images::run(std::vector<std::string> argv) const {
  const std::string program = argv.front();
  std::vector<std::string> command{"env", "-C", allowed_.path().string()};
  command.insert(command.end(), argv.begin(), argv.end());
  const auto result = base::run({.argv = command, .environment = {}, .confinement = {}}, 30s, ByteCount(base::kMiB));
  INFO(program << ": " << result.out << result.err);
  REQUIRE(result.status.success());
}

void Images::qemu_io(const std::string& command, const std::string& name, const std::string& format) const {
  run({"qemu-io", "-f", format, "-c", command, name});
}

Chain Images::chain(const std::string& name, std::optional<std::string> format) const {
  return resolve_chain({.path = path(name), .format = std::move(format)}, policy());
}

base::Bytes noise(std::size_t size, std::uint32_t seed) {
  base::Bytes bytes(size);
  std::uint32_t state = seed * 2654435761u + 1;
  for (auto& byte : bytes) {
    state = state * 1664525u + 1013904223u;
    byte = std::byte(state >> 24);
  }
  return bytes;
}

base::Bytes filled(std::size_t size, int value) {
  return base::Bytes(size, std::byte(value));
}

base::Bytes read_range(const Image& image, std::uint64_t at, std::size_t length) {
  base::Bytes bytes(length);
  image.reader()->read(ByteOffset(at), bytes);
  return bytes;
}

base::Bytes read_all(const Image& image) {
  return read_range(image, 0, image.size().value);
}

std::vector<Allocation> map_of(const Image& image) {
  std::vector<Allocation> joined;
  const auto reader = image.reader();
  for (ByteOffset at; at.value < image.size().value;) {
    for (const Allocation& part : reader->allocation(at, ByteCount(image.size().value - at.value))) {
      REQUIRE(part.extent.offset == at);
      REQUIRE(part.extent.length.value > 0);
      at = part.extent.end();
      if (!joined.empty() && joined.back().zero == part.zero && joined.back().absent == part.absent)
        joined.back().extent.length += part.extent.length;
      else
        joined.push_back(part);
    }
  }
  return joined;
}

base::Bytes file_bytes(const fs::path& path) {
  const base::File file = base::File::open(path, O_RDONLY);
  base::Bytes bytes(static_cast<std::size_t>(file.stat().st_size));
  file.read_exact(ByteOffset(0), bytes);
  return bytes;
}

void write_file(const fs::path& path, base::ByteView bytes) {
  base::File::open(path, O_WRONLY | O_CREAT | O_TRUNC).write_all(ByteOffset(0), bytes);
}

void patch_file(const fs::path& path, std::uint64_t at, base::ByteView bytes) {
  base::File::open(path, O_WRONLY).write_all(ByteOffset(at), bytes);
}

void make_three_layers(const Images& images) {
  images.run({"qemu-img", "create", "-q", "-f", "raw", "base.raw", "1M"});
  images.qemu_io("write -P 1 0 256k", "base.raw", "raw");
  images.run({"qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", "middle.qcow2"});
  images.qemu_io("write -P 2 64k 64k", "middle.qcow2");
  images.qemu_io("write -z 128k 64k", "middle.qcow2");
  images.run({"qemu-img", "create", "-q", "-f", "qcow2", "-b", "middle.qcow2", "-F", "qcow2", "top.qcow2"});
  images.qemu_io("write -P 3 192k 64k", "top.qcow2");
}

}  // namespace jaunt::disk::test
