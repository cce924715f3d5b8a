#include "disk/identity.hpp"

#include <chrono>
#include <thread>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/disk/images.hpp"

using namespace jaunt;
using namespace jaunt::disk;
using namespace jaunt::disk::test;
using namespace std::chrono_literals;
using base::ByteOffset;
using base::File;

namespace {

// Longer than a tick of the clock that stamps files.
void let_the_clock_tick() {
  std::this_thread::sleep_for(30ms);
}

struct SettledFile {
  Images images;
  std::filesystem::path path = images.path("disk.raw");

  SettledFile() {
    write_file(path, noise(8192, 1));
    let_the_clock_tick();
  }
  File open() const { return File::open(path, O_RDONLY); }
};

}  // namespace

TEST_CASE("A file that nobody writes stays unchanged") {
  const SettledFile disk;
  const auto identity = memorable_identity(disk.open());
  REQUIRE(identity.has_value());
  let_the_clock_tick();
  CHECK(unchanged_since(*identity, disk.open()));
  const Chain chain = disk.images.chain("disk.raw");
  CHECK(memorable_identity(chain, 0) == identity);
  CHECK(unchanged_since(*identity, chain, 0));
}

TEST_CASE("A file that somebody has open for writing is not memorable, nor unchanged") {
  const SettledFile disk;
  const auto identity = memorable_identity(disk.open());
  REQUIRE(identity.has_value());
  {
    const File writer = File::open(disk.path, O_WRONLY);
    CHECK(may_be_written(disk.open()));
    CHECK_FALSE(memorable_identity(disk.open()).has_value());
    CHECK_FALSE(unchanged_since(*identity, disk.open()));
  }
  CHECK(unchanged_since(*identity, disk.open()));
}

TEST_CASE("A file that is only mapped for writing counts as open for writing") {
  const SettledFile disk;
  void* mapped = nullptr;
  {
    const File writer = File::open(disk.path, O_RDWR);
    mapped = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, writer.fd(), 0);
    REQUIRE(mapped != MAP_FAILED);
  }
  CHECK(may_be_written(disk.open()));
  ::munmap(mapped, 4096);
  CHECK_FALSE(may_be_written(disk.open()));
}

TEST_CASE("A file changed this very instant is not memorable") {
  const SettledFile disk;
  int memorable = 0;
  for (int i = 0; i < 20; ++i) {
    patch_file(disk.path, 0, noise(16, 2));
    memorable += memorable_identity(disk.open()).has_value() ? 1 : 0;
  }
  CHECK(memorable < 20);
}

TEST_CASE("A change is seen though size and modification time are as before") {
  const SettledFile disk;
  const auto identity = memorable_identity(disk.open());
  REQUIRE(identity.has_value());
  const struct stat before = disk.open().stat();
  patch_file(disk.path, 0, noise(16, 2));
  const timespec times[]{before.st_atim, before.st_mtim};
  REQUIRE(::utimensat(AT_FDCWD, disk.path.c_str(), times, 0) == 0);
  CHECK_FALSE(unchanged_since(*identity, disk.open()));
}

TEST_CASE("Another file under the same name is another file") {
  const SettledFile disk;
  const Chain chain = disk.images.chain("disk.raw");
  const auto identity = memorable_identity(chain, 0);
  REQUIRE(identity.has_value());
  std::filesystem::rename(disk.path, disk.images.path("old.raw"));
  write_file(disk.path, noise(8192, 1));
  let_the_clock_tick();
  CHECK_THROWS_AS(unchanged_since(*identity, chain, 0), base::Error);
  CHECK_FALSE(unchanged_since(*identity, disk.images.chain("disk.raw"), 0));
}

TEST_CASE("A layer whose bytes lie in several files is never memorable") {
  const Images images;
  images.run({"qemu-img", "create", "-q", "-f", "qcow2", "-o", "data_file=data.bin", "top.qcow2", "1M"});
  let_the_clock_tick();
  CHECK_FALSE(memorable_identity(images.chain("top.qcow2"), 0).has_value());
}

TEST_CASE("The look at writers leaves no lease behind") {
  const SettledFile disk;
  const File file = disk.open();
  CHECK_FALSE(may_be_written(file));
  CHECK(::fcntl(file.fd(), F_GETLEASE) == F_UNLCK);
  CHECK_NOTHROW(File::open(disk.path, O_WRONLY | O_NONBLOCK));
}
