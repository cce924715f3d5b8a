#include "disk/image_format.hpp"

#include <doctest/doctest.h>

#include "disk/open.hpp"
#include "unit/disk/images.hpp"

using namespace jaunt;
using namespace jaunt::disk;
using namespace jaunt::disk::test;
using base::Error;
using base::ErrorKind;

TEST_CASE("A raw disk whose guest wrote another format's header is refused until somebody says what it is") {
  const Images images;
  images.run({"qemu-img", "create", "-q", "-f", "qcow2", "disk.img", "1M"});
  const Error error = failure_of([&] { images.chain("disk.img"); });
  CHECK(error.kind() == ErrorKind::usage);
  CHECK(error.remedy().find("--format") != std::string::npos);
  for (const std::string name : {"disk.raw", "disk", "disk.bin"}) {
    write_file(images.path(name), file_bytes(images.path("disk.img")));
    CHECK(failure_of([&] { images.chain(name); }).kind() == ErrorKind::usage);
  }
  const auto as_raw = open_image(images.chain("disk.img", "raw"));
  CHECK(read_all(*as_raw) == file_bytes(images.path("disk.img")));
  CHECK(images.chain("disk.img", "qcow2").size().value == base::kMiB);
}

TEST_CASE("The headers of all formats are known on a raw disk") {
  const Images images;
  for (const std::string format : {"qcow", "qcow2", "vmdk", "vdi", "vpc", "vhdx", "qed", "parallels"}) {
    INFO(format);
    images.run({"qemu-img", "create", "-q", "-f", format, "disk.img", "4M"});
    CHECK(failure_of([&] { images.chain("disk.img"); }).kind() == ErrorKind::usage);
  }
  images.run({"qemu-img", "create", "-q", "-f", "vpc", "-o", "subformat=fixed", "disk.img", "4M"});
  CHECK(failure_of([&] { images.chain("disk.img"); }).kind() == ErrorKind::usage);
}

TEST_CASE("A name is believed only where the header confirms it") {
  const Images images;
  write_file(images.path("disk.qcow2"), noise(8192, 1));
  const Error error = failure_of([&] { images.chain("disk.qcow2"); });
  CHECK(error.kind() == ErrorKind::usage);
  CHECK(std::string(error.what()).find("qcow2") != std::string::npos);
  CHECK(images.chain("disk.qcow2", "raw").single_raw());
  images.run({"qemu-img", "create", "-q", "-f", "vdi", "other.QCOW2", "1M"});
  CHECK(failure_of([&] { images.chain("other.QCOW2"); }).kind() == ErrorKind::usage);
}

TEST_CASE("A format that jaunt does not read is refused by name") {
  const Images images;
  write_file(images.path("disk.img"), noise(4096, 1));
  CHECK_THROWS_WITH_AS(images.chain("disk.img", "qed"), doctest::Contains("qed"), Error);
  CHECK(failure_of([&] { images.chain("disk.img", "nbd"); }).kind() == ErrorKind::unsupported);
}

TEST_CASE("A backing file whose format the header leaves open is settled by the same rule") {
  const Images images;
  images.run({"qemu-img", "create", "-q", "-f", "qcow2", "base.img", "1M"});
  images.run({"qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.img", "-F", "qcow2", "top.qcow2"});
  // Turns the header extension that holds the backing format into one that nobody knows.
  constexpr std::uint64_t kFirstExtension = 112;
  const base::Bytes before = file_bytes(images.path("top.qcow2"));
  REQUIRE(before[kFirstExtension] == std::byte{0xe2});
  patch_file(images.path("top.qcow2"), kFirstExtension, filled(1, 0x12));
  CHECK(failure_of([&] { images.chain("top.qcow2"); }).kind() == ErrorKind::usage);
  write_file(images.path("base.img"), noise(base::kMiB, 1));
  const auto image = open_image(images.chain("top.qcow2"));
  CHECK(read_all(*image) == file_bytes(images.path("base.img")));
}
