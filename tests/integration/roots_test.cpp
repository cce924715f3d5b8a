// The same guest content has the same root, whatever holds it; the least difference gives another.
#include <algorithm>
#include <filesystem>
#include <random>
#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>

#include "base/file.hpp"
#include "base/process.hpp"
#include "base/progress.hpp"
#include "disk/chain.hpp"
#include "disk/nbd_image.hpp"
#include "disk/nbd_server.hpp"
#include "disk/open.hpp"
#include "disk/scan.hpp"
#include "disk/writer.hpp"
#include "support/skip.hpp"
#include "support/world.hpp"

using namespace jaunt;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

using base::ByteCount;
using base::ByteOffset;

void must_run(std::vector<std::string> argv) {
  const auto result =
      base::run({.argv = std::move(argv), .environment = {}, .confinement = {}}, 300s, ByteCount(base::kMiB));
  REQUIRE_MESSAGE(result.status.success(), result.err);
}

std::string hex(const base::Hash32& hash) {
  return base::to_hex(hash);
}

// A folder of images and the roots of what is in it.
class Images {
 public:
  explicit Images(const fs::path& parent = fs::temp_directory_path()) : folder_(parent) {}

  fs::path path(const std::string& name) const { return folder_.path() / name; }

  disk::Chain chain(const fs::path& image, const std::string& format) const {
    return disk::resolve_chain({.path = image, .format = format},
                               {.folders = {folder_.path(), image.parent_path()}, .devices = {}});
  }

  std::string root_of(const disk::Image& image) const {
    base::Progress silent;
    const disk::ScanOptions options{.tree_path = path("tree")};
    return hex(disk::scan(image, options, silent).tree.root);
  }

  std::string root_of(const fs::path& image, const std::string& format) const {
    return root_of(*disk::open_image(chain(image, format)));
  }

  // The same content, served by an NBD server.
  std::string root_over_nbd(const fs::path& image, const std::string& format) const {
    const disk::Chain whole = chain(image, format);
    const auto server = disk::NbdServer::start(whole);
    return root_of(*disk::open_nbd(server->address(), {.name = {}, .size = whole.size()}));
  }

  // Three qcow2 layers whose top shows what `raw` holds. The lower two hold something else in places, so the layers
  // above keep data, and zeros, over data.
  fs::path chain_showing(const fs::path& raw) const {
    const auto layer = [&](int n) { return path("layer" + std::to_string(n) + ".qcow2"); };
    const fs::path old = path("old.raw");
    model::ExtentSet differing;
    must_run({"cp", "--sparse=always", raw.string(), old.string()});
    spoil(old, 3, differing);
    must_run({"qemu-img", "convert", "-f", "raw", "-O", "qcow2", old.string(), layer(0).string()});
    const fs::path newer = path("newer.raw");
    must_run({"cp", "--sparse=always", raw.string(), newer.string()});
    spoil(newer, 7, differing);
    add_layer(newer, layer(0), layer(1), differing);
    add_layer(raw, layer(1), layer(2), differing);
    return layer(2);
  }

 private:
  // Overwrites pieces of up to 200 kB with noise, and adds them to `where`.
  static void spoil(const fs::path& raw, unsigned seed, model::ExtentSet& where) {
    std::mt19937_64 random(seed);
    const base::File file = base::File::open(raw, O_WRONLY);
    const auto size = fs::file_size(raw);
    for (int i = 0; i < 5; ++i) {
      base::Bytes noise(1 + random() % std::min<std::uint64_t>(200'000, size / 2));
      for (auto& b : noise)
        b = static_cast<std::byte>(random());
      const ByteOffset at(random() % (size - noise.size()));
      file.write_all(at, noise);
      where.insert({at, ByteCount(noise.size())});
    }
  }

  // A qcow2 on `below` that shows what `raw` holds; they differ only in `where`.
  void add_layer(const fs::path& raw, const fs::path& below, const fs::path& out,
                 const model::ExtentSet& where) const {
    const disk::Chain backing = chain(below, "qcow2");
    const base::File wanted = base::File::open(raw, O_RDONLY);
    const auto writer = disk::create_qcow2(out, backing.size(), backing);
    for (const model::Extent& extent : where.extents()) {
      base::Bytes piece(extent.length.value);
      wanted.read_exact(extent.offset, piece);
      writer->write(extent.offset, piece);
    }
    writer->commit();
  }

  base::TemporaryDirectory folder_;
};

// Some data, holes between, a partition table and a filesystem-like pattern at sector 63, which no block boundary
// fits.
fs::path write_content(const Images& images, std::uint64_t size, std::uint64_t misalignment) {
  const fs::path raw = images.path("disk.raw");
  const base::File file = base::File::open(raw, O_RDWR | O_CREAT);
  file.truncate(ByteCount(size));
  std::mt19937_64 random(size);
  for (std::uint64_t at = misalignment; at < size; at += 1 + random() % 3'000'000) {
    base::Bytes piece(std::min<std::uint64_t>(1 + random() % 70'000, size - at));
    for (auto& b : piece)
      b = static_cast<std::byte>(random() % 5);
    file.write_all(ByteOffset(at), piece);
  }
  const std::array last{std::byte{0x5a}};
  file.write_all(ByteOffset(size - 1), last);
  return raw;
}

void expect_one_root(const Images& images, const fs::path& raw) {
  const std::string root = images.root_of(raw, "raw");
  must_run({"qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw.string(), images.path("disk.qcow2").string()});
  CHECK(images.root_of(images.path("disk.qcow2"), "qcow2") == root);
  const fs::path top = images.chain_showing(raw);
  REQUIRE(images.chain(top, "qcow2").layers.size() == 3);
  CHECK(images.root_of(top, "qcow2") == root);
  CHECK(images.root_over_nbd(raw, "raw") == root);
  CHECK(images.root_over_nbd(top, "qcow2") == root);
}

void flip_bit(const fs::path& raw, std::uint64_t bit) {
  const base::File file = base::File::open(raw, O_RDWR);
  std::array<std::byte, 1> byte;
  file.read_exact(ByteOffset(bit / 8), byte);
  byte[0] ^= std::byte{1} << (bit % 8);
  file.write_all(ByteOffset(bit / 8), byte);
}

}  // namespace

TEST_CASE("Raw, qcow2, a chain of three layers and an NBD export of the same content have one root") {
  const Images images;
  expect_one_root(images, write_content(images, 64 * base::kMiB, 0));
}

TEST_CASE("So have disks whose size is no multiple of a block, with a partition at sector 63") {
  const Images images;
  expect_one_root(images, write_content(images, 37 * base::kMiB + 3 * 512, 63 * 512));
}

TEST_CASE("A raw disk whose size is no multiple of a sector has the same root over NBD") {
  const Images images;
  const fs::path raw = write_content(images, 5 * base::kMiB + 77, 63 * 512);
  CHECK(images.root_over_nbd(raw, "raw") == images.root_of(raw, "raw"));
}

TEST_CASE("A size that differs by zeros only gives another root") {
  const Images images;
  const fs::path raw = write_content(images, 5 * base::kMiB, 0);
  const std::string root = images.root_of(raw, "raw");
  fs::resize_file(raw, 5 * base::kMiB + 512);
  CHECK(images.root_of(raw, "raw") != root);
}

TEST_CASE("One flipped bit anywhere gives another root, and flipping it back the former one") {
  const Images images;
  const std::uint64_t size = 9 * base::kMiB + 512;
  const fs::path raw = write_content(images, size, 63 * 512);
  const std::string root = images.root_of(raw, "raw");
  const unsigned seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  std::vector<std::uint64_t> bits{0, size * 8 - 1, 4096 * 8 - 1, 4096 * 8, 65536 * 8, base::kMiB * 8 - 1};
  for (int i = 0; i < 30; ++i)
    bits.push_back(random() % (size * 8));
  for (const std::uint64_t bit : bits) {
    CAPTURE(bit);
    flip_bit(raw, bit);
    REQUIRE(images.root_of(raw, "raw") != root);
    flip_bit(raw, bit);
  }
  CHECK(images.root_of(raw, "raw") == root);
}

TEST_CASE("A real guest has one root, whatever holds it") {
  JAUNT_NEED_GUEST(guest, "minimal");
  const Images images;
  expect_one_root(images, guest.disk);
}
