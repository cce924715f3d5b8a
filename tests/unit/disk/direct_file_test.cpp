#include "disk/direct_file.hpp"

#include <array>
#include <memory>
#include <random>

#include <doctest/doctest.h>
#include <fcntl.h>

#include "disk/open.hpp"
#include "disk/raw_image.hpp"

using namespace jaunt;

namespace {

struct alignas(4096) Buffer {
  std::array<std::byte, base::kMiB> bytes;
};

}  // namespace

TEST_CASE("Around the cache comes what lies in the file, cached in whole, in part or not at all") {
  const base::TemporaryDirectory folder(std::filesystem::current_path());  // of a real filesystem
  const auto path = folder.path() / "file";
  const auto file = base::File::open(path, O_RDWR | O_CREAT);
  std::mt19937_64 random(7);
  base::Bytes content(5 * base::kMiB + 4096);
  for (std::byte& byte : content)
    byte = static_cast<std::byte>(random());
  file.write_all({}, content);
  file.sync();
  const auto image = disk::open_raw(path);
  const auto reader = image->reader();
  auto buffer = std::make_unique<Buffer>();
  for (int round = 0; round < 200; ++round) {
    const std::uint64_t length = (1 + random() % 256) * 4096;
    const std::uint64_t at = random() % (content.size() - length + 1) / 4096 * 4096;
    ::posix_fadvise(file.fd(), static_cast<off_t>(random() % content.size()), 0, POSIX_FADV_DONTNEED);
    const auto into = std::span(buffer->bytes).first(length);
    reader->read(base::ByteOffset(at), into);
    CHECK(std::ranges::equal(into, std::span(content).subspan(at, length)));
    if (round % 5 == 0) {  // what is not on the disk yet is read, too
      content[at] ^= std::byte{1};
      file.write_all(base::ByteOffset(at), std::span(content).subspan(at, 1));
    }
  }
}

TEST_CASE("Only whole blocks of some length go direct") {
  const auto buffer = std::make_unique<Buffer>();
  const base::ByteView bytes(buffer->bytes);
  CHECK(disk::goes_direct({}, bytes));
  CHECK(disk::goes_direct(base::ByteOffset(4096), bytes.subspan(4096, disk::kDirectBytesMin)));
  CHECK_FALSE(disk::goes_direct(base::ByteOffset(512), bytes));
  CHECK_FALSE(disk::goes_direct({}, bytes.subspan(16)));
  CHECK_FALSE(disk::goes_direct({}, bytes.first(base::kMiB - 1)));
  CHECK_FALSE(disk::goes_direct({}, bytes.first(4096)));
}
