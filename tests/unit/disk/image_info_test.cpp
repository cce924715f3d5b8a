#include "disk/image_info.hpp"

#include <doctest/doctest.h>

#include "disk/vmdk_descriptor.hpp"
#include "unit/disk/images.hpp"

using namespace jaunt;
using namespace jaunt::disk;
using namespace jaunt::disk::test;
using base::ErrorKind;

TEST_CASE("What qemu-img tells of a layer is understood") {
  const ImageInfo info = parse_image_info(R"({"format": "qcow2", "virtual-size": 1048576, "cluster-size": 65536,
    "backing-filename": "b.raw", "backing-filename-format": "raw", "format-specific": {"type": "qcow2", "data": {
    "data-file": "d.bin", "bitmaps": [{"name": "b0", "flags": ["auto"]}, {"name": "b1", "flags": ["in-use"]}]}}})");
  CHECK(info.format == "qcow2");
  CHECK(info.virtual_size.value == 1048576);
  CHECK(info.backing == "b.raw");
  CHECK(info.backing_format == "raw");
  CHECK(info.data_file == "d.bin");
  CHECK_FALSE(info.encrypted);
  CHECK(info.bitmaps == std::vector<std::string>{"b0"});
}

TEST_CASE("A description that is none is corrupt") {
  for (const char* text : {"", "[]", "{}", "{", "null", R"({"format": 1, "virtual-size": 1})", R"({"format": "raw"})",
                           R"({"format": "raw", "virtual-size": -1})", R"({"format": "raw", "virtual-size": 1e3})",
                           R"({"format": "raw", "virtual-size": 1, "backing-filename": {}})",
                           R"({"format": "raw", "virtual-size": 1, "backing-filename": "a\u0000b"})",
                           R"({"format": "raw", "virtual-size": 1, "cluster-size": 0})",
                           "{\"format\": \"\xff\", \"virtual-size\": 1}"}) {
    INFO(text);
    CHECK(failure_of([&] { parse_image_info(text); }).kind() == ErrorKind::corrupt);
  }
}

TEST_CASE("A description is bounded in length, depth and size") {
  CHECK(failure_of([] { parse_image_info(std::string(kImageInfoBytesMax.value + 1, ' ')); }).kind() ==
        ErrorKind::limit);
  CHECK(failure_of([] { parse_image_info("{\"a\":" + std::string(100000, '[')); }).kind() == ErrorKind::corrupt);
  CHECK(failure_of([] {
          parse_image_info(R"({"format": "raw", "virtual-size": 1, "a": )" + std::string(100, '[') +
                           std::string(100, ']') + "}");
        }).kind() == ErrorKind::corrupt);
  CHECK(failure_of([] { parse_image_info(R"({"format": "raw", "virtual-size": 18446744073709551615})"); }).kind() ==
        ErrorKind::limit);
}

TEST_CASE("The extents of a VMDK are found however its lines are broken") {
  CHECK(vmdk_extents("# Disk DescriptorFile\nRW 8192 FLAT \"a.vmdk\" 0\nRW 1 SPARSE \"b c.vmdk\"\n") ==
        std::vector<std::string>{"a.vmdk", "b c.vmdk"});
  CHECK(vmdk_extents("RW\n8192\nFLAT\n\"a\"") == std::vector<std::string>{"a"});
  CHECK(vmdk_extents(" \tRW 1 FLAT \"a").front() == "a");
  CHECK(vmdk_extents("RW 1FL\"AT \"a\"").front() == "a");
  CHECK(vmdk_extents("RW 1 FLATFLATFL\"a\"").front() == "a");
  CHECK(vmdk_extents("version=1\nRW 1 ZERO\n").empty());
  CHECK(vmdk_extents(std::string_view("x\0\nRW 1 FLAT \"a\"", 16)).empty());
}

TEST_CASE("A VMDK descriptor with too many extents is refused") {
  std::string text;
  for (int i = 0; i < 600; ++i)
    text += "RW 1 FLAT \"a\" 0\n";
  CHECK(failure_of([&] { vmdk_extents(text); }).kind() == ErrorKind::limit);
}

TEST_CASE("A sparse VMDK without capacity hides its extents in an embedded descriptor") {
  const Images images;
  base::Bytes bytes(2048);
  const auto put = [&](std::size_t at, std::string_view text) {
    std::copy_n(base::as_bytes(text).data(), text.size(), bytes.data() + at);
  };
  put(0, std::string_view("KDMV\1\0\0\0", 8));
  put(28, "\2");  // the descriptor's sector
  put(1024, "# Disk DescriptorFile\nRW 1 FLAT \"/etc/shadow\" 0\n");
  write_file(images.path("disk.vmdk"), bytes);
  const auto error = failure_of([&] { images.chain("disk.vmdk"); });
  CHECK(error.kind() == ErrorKind::auth);
  CHECK(std::string(error.what()).find("/etc/shadow") != std::string::npos);
}
