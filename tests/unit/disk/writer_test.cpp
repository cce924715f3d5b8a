#include "disk/writer.hpp"

#include <algorithm>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk/open.hpp"
#include "support/skip.hpp"
#include "unit/disk/images.hpp"

using namespace jaunt;
using namespace jaunt::disk;
using namespace jaunt::disk::test;
using base::ByteCount;
using base::ByteOffset;
using base::Error;
using base::ErrorKind;

namespace {

std::size_t entries_in(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}

std::uint64_t allocated(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

// Data at the start, a long run of zeros, data that is not aligned to anything.
base::Bytes mixed_content(std::size_t size) {
  base::Bytes content = noise(size, 11);
  std::fill(content.begin() + 12288, content.begin() + static_cast<std::ptrdiff_t>(size - 70001), std::byte{0});
  return content;
}

// A filesystem of one MiB, so that it is soon full.
class TinyFilesystem {
 public:
  explicit TinyFilesystem(std::filesystem::path path) : path_(std::move(path)) {
    std::filesystem::create_directory(path_);
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=1m") == 0;
  }
  ~TinyFilesystem() {
    if (mounted_)
      ::umount2(path_.c_str(), MNT_DETACH);
  }
  TinyFilesystem(const TinyFilesystem&) = delete;
  TinyFilesystem& operator=(const TinyFilesystem&) = delete;
  bool mounted() const { return mounted_; }

 private:
  std::filesystem::path path_;
  bool mounted_ = false;
};

}  // namespace

TEST_CASE("A raw target holds what was written, with holes for zeros and a partial last block") {
  const Images images;
  const base::Bytes content = mixed_content(5 * base::kMiB + 1001);
  const auto writer = create_raw(images.path("disk.raw"), ByteCount(content.size()));
  writer->write(ByteOffset(0), content);
  CHECK_FALSE(std::filesystem::exists(images.path("disk.raw")));
  writer->commit();
  CHECK(file_bytes(images.path("disk.raw")) == content);
  CHECK(allocated(images.path("disk.raw")) < 128 * base::kKiB);
  CHECK(entries_in(images.folder()) == 1);
}

TEST_CASE("A qcow2 target holds what was written") {
  const Images images;
  base::Bytes content = mixed_content(5 * base::kMiB + 1001);
  const auto writer = create_qcow2(images.path("disk.qcow2"), ByteCount(content.size()));
  writer->write(ByteOffset(0), content);
  CHECK_FALSE(std::filesystem::exists(images.path("disk.qcow2")));
  writer->commit();
  images.run({"qemu-img", "check", "-q", "-f", "qcow2", "disk.qcow2"});
  const Chain chain = images.chain("disk.qcow2");
  CHECK(chain.layers.size() == 1);
  content.resize((content.size() + 511) / 512 * 512);
  CHECK(read_all(*open_image(chain)) == content);
  CHECK(allocated(images.path("disk.qcow2")) < base::kMiB);
  CHECK(entries_in(images.folder()) == 1);
}

TEST_CASE("A target is written in any order and overwritten, zeros included") {
  const Images images;
  for (const bool raw : {true, false}) {
    INFO(raw);
    const std::string name = raw ? "disk.raw" : "disk.qcow2";
    const auto writer = raw ? create_raw(images.path(name), ByteCount(base::kMiB))
                            : create_qcow2(images.path(name), ByteCount(base::kMiB));
    base::Bytes expected(base::kMiB);
    const auto put = [&](std::uint64_t at, const base::Bytes& bytes) {
      writer->write(ByteOffset(at), bytes);
      std::copy(bytes.begin(), bytes.end(), expected.begin() + static_cast<std::ptrdiff_t>(at));
    };
    put(900000, noise(100001, 1));
    put(17, noise(70000, 2));
    put(20000, base::Bytes(30001));
    put(0, noise(3, 3));
    writer->zero(ByteOffset(950000), ByteCount(20000));
    std::fill_n(expected.begin() + 950000, 20000, std::byte{0});
    writer->commit();
    CHECK(read_all(*open_image(images.chain(name))) == expected);
  }
}

TEST_CASE("A thin target stands on its base and holds only what differs") {
  const Images images;
  make_three_layers(images);
  const Chain base = images.chain("top.qcow2");
  const base::Bytes before = read_all(*open_image(base));
  const auto writer = create_qcow2(images.path("thin.qcow2"), ByteCount(2 * base::kMiB), base);
  writer->write(ByteOffset(5 * kCluster), filled(kCluster, 6));
  writer->write(ByteOffset(100), filled(7, 9));
  writer->zero(ByteOffset(3 * kCluster), ByteCount(kCluster));
  writer->commit();
  const Chain chain = images.chain("thin.qcow2");
  REQUIRE(chain.layers.size() == 4);
  CHECK(chain.layers[1].path == base.top().path);
  base::Bytes expected = before;
  expected.resize(2 * base::kMiB);
  std::fill_n(expected.begin() + 5 * kCluster, kCluster, std::byte{6});
  std::fill_n(expected.begin() + 100, 7, std::byte{9});
  std::fill_n(expected.begin() + 3 * kCluster, kCluster, std::byte{0});
  CHECK(read_all(*open_image(chain)) == expected);
  CHECK(read_all(*open_image(base)) == before);
  const auto own = map_of(*open_layer(chain, 0));
  CHECK(std::any_of(own.begin(), own.end(), [](const Allocation& a) { return a.absent; }));
  CHECK(own.front().extent.length.value == kCluster);
}

TEST_CASE("An abandoned target leaves nothing behind") {
  const Images images;
  create_raw(images.path("a.raw"), ByteCount(base::kMiB))->write(ByteOffset(0), noise(4096, 1));
  create_qcow2(images.path("a.qcow2"), ByteCount(base::kMiB))->write(ByteOffset(0), noise(4096, 1));
  CHECK(entries_in(images.folder()) == 0);
}

TEST_CASE("An existing file is replaced only by wish") {
  const Images images;
  write_file(images.path("disk.raw"), noise(4096, 1));
  const auto create = [&](bool replace) {
    return create_raw(images.path("disk.raw"), ByteCount(8192), {.replace = replace});
  };
  CHECK(failure_of([&] { create(false); }).kind() == ErrorKind::usage);
  { create(true); }
  CHECK(file_bytes(images.path("disk.raw")) == noise(4096, 1));
  create(true)->commit();
  CHECK(file_bytes(images.path("disk.raw")) == base::Bytes(8192));
}

TEST_CASE("A file that appears while the target is built is not replaced") {
  const Images images;
  const auto writer = create_raw(images.path("disk.raw"), ByteCount(8192));
  write_file(images.path("disk.raw"), noise(4096, 1));
  const Error error = failure_of([&] { writer->commit(); });
  CHECK(error.subject() == images.path("disk.raw"));
  CHECK(file_bytes(images.path("disk.raw")) == noise(4096, 1));
}

TEST_CASE("A target gets the asked mode") {
  const Images images;
  create_raw(images.path("a.raw"), ByteCount(4096))->commit();
  create_qcow2(images.path("a.qcow2"), ByteCount(4096), std::nullopt, {.replace = false, .mode = 0640})->commit();
  struct stat status {};
  REQUIRE(::stat(images.path("a.raw").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  REQUIRE(::stat(images.path("a.qcow2").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0640);
}

TEST_CASE("A full disk is an error that names the target") {
  const Images images;
  const TinyFilesystem tiny(images.path("tiny"));
  JAUNT_SKIP_UNLESS(tiny.mounted(), "no filesystem can be mounted here");
  for (const bool raw : {true, false}) {
    INFO(raw);
    const auto path = images.path(raw ? "tiny/disk.raw" : "tiny/disk.qcow2");
    const auto fill = [&] {
      const auto writer =
          raw ? create_raw(path, ByteCount(8 * base::kMiB)) : create_qcow2(path, ByteCount(8 * base::kMiB));
      writer->write(ByteOffset(0), noise(4 * base::kMiB, 1));
      writer->commit();
    };
    const Error error = failure_of(fill);
    CHECK(error.kind() == ErrorKind::no_space);
    CHECK(error.subject() == path);
    CHECK(entries_in(images.path("tiny")) == 0);
  }
}

TEST_CASE("A target in a folder that does not exist is an error that names it") {
  const Images images;
  const auto path = images.path("none/disk.raw");
  CHECK_THROWS_WITH_AS(create_raw(path, ByteCount(4096)), doctest::Contains("none/disk.raw"), Error);
  CHECK_THROWS_WITH_AS(create_qcow2(path, ByteCount(4096)), doctest::Contains("none/disk.raw"), Error);
}
