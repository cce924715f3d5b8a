#include "disk/open.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <thread>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include "base/hash.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "disk/nbd_server.hpp"
#include "disk/raw_image.hpp"
#include "support/skip.hpp"
#include "unit/disk/images.hpp"

using namespace jaunt;
using namespace jaunt::disk;
using namespace jaunt::disk::test;
using namespace std::chrono_literals;
using base::ByteCount;
using base::ByteOffset;
using base::Error;
using base::ErrorKind;

namespace {

struct Part {
  std::uint64_t begin;
  std::uint64_t end;
  bool zero;
  bool absent;
  bool operator==(const Part&) const = default;
};

doctest::String toString(const std::vector<Part>& parts) {
  std::string text;
  for (const Part& part : parts)
    text += fmt::format("[{} {}{}{}]", part.begin, part.end, part.zero ? " zero" : "", part.absent ? " absent" : "");
  return text.c_str();
}

std::vector<Part> parts_of(const Image& image) {
  std::vector<Part> parts;
  for (const Allocation& a : map_of(image))
    parts.push_back({a.extent.offset.value, a.extent.end().value, a.zero, a.absent});
  return parts;
}

// The children of this process by the kernel's list.
std::vector<pid_t> children() {
  const std::string list =
      base::read_text_file("/proc/self/task/" + std::to_string(::getpid()) + "/children", ByteCount(4096));
  std::vector<pid_t> pids;
  for (std::size_t at = 0; at < list.size(); at = list.find(' ', at) + 1)
    pids.push_back(std::stoi(list.substr(at)));
  return pids;
}

// A loop device on a file.
class LoopDevice {
 public:
  explicit LoopDevice(const std::filesystem::path& file) {
    const auto made = base::run(
        {.argv = {"/sbin/losetup", "--find", "--show", file.string()}, .environment = {}, .confinement = {}}, 20s,
        ByteCount(4096));
    if (made.status.success())
      path_ = base::last_line(made.out);
  }
  ~LoopDevice() {
    if (!path_.empty())
      base::run({.argv = {"/sbin/losetup", "--detach", path_}, .environment = {}, .confinement = {}}, 20s,
                ByteCount(4096));
  }
  LoopDevice(const LoopDevice&) = delete;
  LoopDevice& operator=(const LoopDevice&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("A chain of three layers reads as the guest sees it") {
  const Images images;
  make_three_layers(images);
  const auto image = open_image(images.chain("top.qcow2"));
  REQUIRE(image->size().value == base::kMiB);
  CHECK(image->name() == images.path("top.qcow2"));
  CHECK(read_range(*image, 0, kCluster) == filled(kCluster, 1));
  CHECK(read_range(*image, kCluster, kCluster) == filled(kCluster, 2));
  CHECK(read_range(*image, 2 * kCluster, kCluster) == filled(kCluster, 0));
  CHECK(read_range(*image, 3 * kCluster, kCluster) == filled(kCluster, 3));
  CHECK(parts_of(*image) == std::vector<Part>{{0, 2 * kCluster, false, false},
                                              {2 * kCluster, 3 * kCluster, true, false},
                                              {3 * kCluster, 4 * kCluster, false, false},
                                              {4 * kCluster, base::kMiB, true, false}});
}

TEST_CASE("Each layer alone shows what it holds, its own zeros told from what it lacks") {
  const Images images;
  make_three_layers(images);
  const Chain chain = images.chain("top.qcow2");
  CHECK(parts_of(*open_layer(chain, 0)) == std::vector<Part>{{0, 3 * kCluster, true, true},
                                                             {3 * kCluster, 4 * kCluster, false, false},
                                                             {4 * kCluster, base::kMiB, true, true}});
  const auto middle = open_layer(chain, 1);
  CHECK(parts_of(*middle) == std::vector<Part>{{0, kCluster, true, true},
                                               {kCluster, 2 * kCluster, false, false},
                                               {2 * kCluster, 3 * kCluster, true, false},
                                               {3 * kCluster, base::kMiB, true, true}});
  CHECK(read_range(*middle, kCluster, kCluster) == filled(kCluster, 2));
  CHECK(read_range(*middle, 3 * kCluster, kCluster) == filled(kCluster, 0));
  CHECK(parts_of(*open_layer(chain, 2)) ==
        std::vector<Part>{{0, 4 * kCluster, false, false}, {4 * kCluster, base::kMiB, true, false}});
}

TEST_CASE("The lowest layer lacks nothing, also where it is a qcow2") {
  const Images images;
  images.run({"qemu-img", "create", "-q", "-f", "qcow2", "disk.qcow2", "1M"});
  images.qemu_io("write -P 1 0 64k", "disk.qcow2");
  CHECK(parts_of(*open_layer(images.chain("disk.qcow2"), 0)) ==
        std::vector<Part>{{0, kCluster, false, false}, {kCluster, base::kMiB, true, false}});
}

TEST_CASE("The same content reads the same in every format") {
  const Images images;
  base::Bytes content = noise(3 * base::kMiB + 512, 7);
  std::fill(content.begin() + 4096, content.begin() + 300000, std::byte{0});
  write_file(images.path("disk.raw"), content);
  images.run({"qemu-img", "convert", "-f", "raw", "-O", "qcow2", "disk.raw", "plain.qcow2"});
  images.run({"qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-c", "disk.raw", "packed.qcow2"});
  images.run({"qemu-img", "create", "-q", "-f", "qcow2", "-b", "disk.raw", "-F", "raw", "thin.qcow2"});
  for (const std::string name : {"disk.raw", "plain.qcow2", "packed.qcow2", "thin.qcow2"}) {
    INFO(name);
    CHECK(read_all(*open_image(images.chain(name))) == content);
  }
}

TEST_CASE("A raw file of odd size is read to its last byte") {
  const Images images;
  const base::Bytes content = noise(1000003, 3);
  write_file(images.path("odd.raw"), content);
  const Chain chain = images.chain("odd.raw");
  CHECK(chain.size().value == content.size());
  CHECK(read_all(*open_image(chain)) == content);
  // Served, its size is the server's in whole sectors; whoever knows the true one says so.
  const auto server = NbdServer::start(chain);
  const auto served = open_nbd(server->address(), {.name = {}, .size = chain.size()});
  CHECK(served->size().value == content.size());
  CHECK(read_all(*served) == content);
  CHECK(map_of(*served).back().extent.end().value == content.size());
  CHECK(open_nbd(server->address())->size().value == 1000448);
  CHECK_THROWS_AS(open_nbd(server->address(), {.name = {}, .size = ByteCount(999000)}), Error);
  CHECK_THROWS_AS(open_nbd(server->address(), {.name = {}, .size = ByteCount(1000449)}), Error);
}

TEST_CASE("An overlay on a raw file of odd size reads zeros behind its end") {
  const Images images;
  const base::Bytes content = noise(100001, 3);
  write_file(images.path("odd.raw"), content);
  images.run({"qemu-img", "create", "-q", "-f", "qcow2", "-b", "odd.raw", "-F", "raw", "top.qcow2", "128k"});
  base::Bytes expected = content;
  expected.resize(131072);
  CHECK(read_all(*open_image(images.chain("top.qcow2"))) == expected);
}

TEST_CASE("Sparse disks of more than 8 TiB are read where they hold something") {
  const Images images;
  constexpr std::uint64_t kSize = 9 * base::kTiB;
  constexpr std::uint64_t kFar = kSize - 2 * base::kMiB;
  for (const std::string format : {"raw", "qcow2"}) {
    const std::string name = "big." + format;
    INFO(name);
    if (format == "raw")  // qemu-img would write the first block
      images.run({"truncate", "--size=9T", name});
    else
      images.run({"qemu-img", "create", "-q", "-f", format, name, "9T"});
    images.qemu_io("write -P 9 " + std::to_string(kFar) + " 64k", name, format);
    const auto image = open_image(images.chain(name));
    REQUIRE(image->size().value == kSize);
    CHECK(parts_of(*image) == std::vector<Part>{{0, kFar, true, false},
                                                {kFar, kFar + kCluster, false, false},
                                                {kFar + kCluster, kSize, true, false}});
    CHECK(read_range(*image, kFar, kCluster) == filled(kCluster, 9));
  }
}

TEST_CASE("Several threads read one image, each through its own reader") {
  const Images images;
  const base::Bytes content = noise(8 * base::kMiB, 2);
  write_file(images.path("disk.raw"), content);
  images.run({"qemu-img", "convert", "-f", "raw", "-O", "qcow2", "disk.raw", "disk.qcow2"});
  const auto image = open_image(images.chain("disk.qcow2"));
  std::array<bool, 16> equal{};
  std::vector<std::thread> threads;
  for (bool& result : equal)
    threads.emplace_back([&] { result = read_all(*image) == content; });
  for (auto& thread : threads)
    thread.join();
  CHECK(std::all_of(equal.begin(), equal.end(), std::identity()));
}

TEST_CASE("Reading keeps no writer away") {
  const Images images;
  make_three_layers(images);
  const auto image = open_image(images.chain("top.qcow2"));
  CHECK(read_range(*image, 0, 16) == filled(16, 1));
  images.qemu_io("write -P 8 512k 64k", "top.qcow2");
  CHECK(read_range(*image, 0, 16) == filled(16, 1));
}

TEST_CASE("Reading changes no byte of the source") {
  const Images images;
  make_three_layers(images);
  const auto hashes = [&] {
    std::vector<base::Hash32> result;
    for (const char* name : {"top.qcow2", "middle.qcow2", "base.raw"})
      result.push_back(base::sha256(file_bytes(images.path(name))));
    return result;
  };
  const auto before = hashes();
  const Chain chain = images.chain("top.qcow2");
  read_all(*open_image(chain));
  for (std::size_t i = 0; i < 3; ++i)
    read_all(*open_layer(chain, i));
  CHECK(hashes() == before);
}

TEST_CASE("A raw file that is cut off while it is read is an error") {
  const Images images;
  write_file(images.path("disk.raw"), noise(base::kMiB, 1));
  const auto image = open_image(images.chain("disk.raw"));
  base::File::open(images.path("disk.raw"), O_WRONLY).truncate(ByteCount(4096));
  CHECK(failure_of([&] { read_all(*image); }).kind() == ErrorKind::io);
}

TEST_CASE("A file that takes a vetted one's place is not opened") {
  const Images images;
  make_three_layers(images);
  write_file(images.outside("secret.raw"), noise(base::kMiB, 1));
  const Chain chain = images.chain("top.qcow2");
  const Chain raw = images.chain("base.raw");
  std::filesystem::rename(images.path("base.raw"), images.path("former.raw"));
  std::filesystem::create_symlink(images.outside("secret.raw"), images.path("base.raw"));
  CHECK_THROWS_AS(open_image(chain), Error);
  CHECK_THROWS_AS(open_image(raw), Error);
  std::filesystem::remove(images.path("base.raw"));
  write_file(images.path("base.raw"), noise(base::kMiB, 1));
  CHECK_THROWS_WITH_AS(open_image(chain), doctest::Contains("took its place"), Error);
  CHECK_THROWS_WITH_AS(open_image(raw), doctest::Contains("took its place"), Error);
}

TEST_CASE("A served image whose server is killed says so") {
  const Images images;
  make_three_layers(images);
  const auto image = open_image(images.chain("top.qcow2"));
  const auto reader = image->reader();
  base::Bytes buffer(4096);
  reader->read(ByteOffset(0), buffer);
  const auto servers = children();
  REQUIRE(servers.size() == 1);
  ::kill(servers.front(), SIGKILL);
  const Error error = failure_of([&] { reader->read(ByteOffset(0), buffer); });
  CHECK(error.kind() == ErrorKind::io);
  CHECK(std::string(error.what()).find("signal 9") != std::string::npos);
  CHECK(error.subject() == image->name());
  CHECK_THROWS_AS(reader->allocation(ByteOffset(0), ByteCount(4096)), Error);
}

TEST_CASE("A block device is read when it is listed") {
  const Images images;
  write_file(images.path("disk.raw"), noise(base::kMiB, 1));
  const LoopDevice device(images.path("disk.raw"));
  JAUNT_SKIP_UNLESS(!device.path().empty(), "no loop device can be made here");
  const Policy listed{.folders = {images.folder()}, .devices = {device.path()}};
  const Chain chain = resolve_chain({.path = device.path(), .format = {}}, listed);
  CHECK(chain.single_raw());
  CHECK(chain.size().value == base::kMiB);
  CHECK(chain.parts[0].block_device);
  CHECK(read_all(*open_image(chain)) == file_bytes(images.path("disk.raw")));
  const Policy folder_only{.folders = {"/dev", images.folder()}, .devices = {}};
  CHECK(failure_of([&] { resolve_chain({.path = device.path(), .format = {}}, folder_only); }).kind() ==
        ErrorKind::auth);
  images.run({"qemu-img", "create", "-q", "-f", "qcow2", "-b", device.path(), "-F", "raw", "top.qcow2"});
  const auto overlay = open_image(resolve_chain({.path = images.path("top.qcow2"), .format = {}}, listed));
  CHECK(read_all(*overlay) == file_bytes(images.path("disk.raw")));
}
