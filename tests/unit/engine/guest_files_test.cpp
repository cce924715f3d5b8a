#include "engine/guest_files.hpp"

#include <doctest/doctest.h>

using namespace jaunt;
using base::ByteCount;
using base::ByteOffset;
using engine::GuestFilesCollector;

namespace {

constexpr std::uint64_t kBlock = model::kBlockBytes;

// A file of one or several pieces: where each lies on the disk, and how many blocks it has.
describe::FileExtents file(const char* path, std::initializer_list<std::pair<std::uint64_t, std::uint64_t>> pieces,
                           std::size_t disk = 0) {
  describe::FileExtents made{.path = path, .filesystem = "/dev/sda1", .size = {}, .pieces = {}};
  for (const auto& [at, blocks] : pieces) {
    made.pieces.push_back({.disk = disk,
                           .in_file = ByteOffset(made.size.value),
                           .on_disk = {ByteOffset(at * kBlock), ByteCount(blocks * kBlock)}});
    made.size += ByteCount(blocks * kBlock);
  }
  return made;
}

}  // namespace

TEST_CASE("Files are numbered in the order of their paths, wherever they lie") {
  GuestFilesCollector collector;
  collector.add(file("srv/b", {{10, 5}}));
  collector.add(file("srv/a", {{90, 1}, {20, 3}}));
  collector.add(file("etc/x", {{7, 1}}, 2));
  const engine::GuestFiles files = collector.finish();
  const std::vector<sync::FileStretch> first{
      {model::BlockIndex(90), 1, 1}, {model::BlockIndex(20), 3, 1}, {model::BlockIndex(10), 5, 2}};
  CHECK(files.stretches.at(0) == first);
  CHECK(files.stretches.at(2) == std::vector<sync::FileStretch>{{model::BlockIndex(7), 1, 0}});
}

TEST_CASE("What is large, of whole blocks and named like an archive may be taken apart, the largest first") {
  GuestFilesCollector collector;
  collector.add(file("var/log/syslog.2.gz", {{1000, 100}}));
  collector.add(file("boot/initrd.img-6.1", {{2000, 500}, {100, 30}}));
  collector.add(file("boot/vmlinuz-6.1", {{5000, 900}}));
  collector.add(file("var/log/small.gz", {{6000, 63}}));
  describe::FileExtents holes = file("var/log/holes.gz", {{7000, 100}, {7200, 100}});
  holes.pieces[1].in_file += ByteCount(kBlock);
  collector.add(holes);
  describe::FileExtents crooked = file("var/log/crooked.gz", {{8000, 100}});
  crooked.pieces[0].on_disk.offset += ByteCount(512);
  collector.add(crooked);
  const engine::GuestFiles files = collector.finish();
  REQUIRE(files.archives.size() == 2);
  CHECK(files.archives[0].path == "boot/initrd.img-6.1");
  CHECK(files.archives[0].size == ByteCount(530 * kBlock));
  CHECK(files.archives[0].extents.size() == 2);
  CHECK(files.archives[1].path == "var/log/syslog.2.gz");
}

TEST_CASE("What is known of files is kept as a note, and a damaged one says nothing") {
  GuestFilesCollector collector;
  collector.add(file("boot/initrd.img", {{2000, 500}}));
  collector.add(file("a", {{1, 1}, {9, 2}}, 1));
  const engine::GuestFiles files = collector.finish();
  const auto note = engine::to_note(files, 1 << 20);
  REQUIRE(note);
  CHECK(engine::guest_files_from_note(*note) == files);
  CHECK(!engine::to_note(files, 40));
  for (std::size_t bytes = 0; bytes < note->size(); ++bytes)
    CHECK(!engine::guest_files_from_note(note->substr(0, bytes)));
  std::string changed = *note;
  changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 0x55);
  CHECK_NOTHROW(engine::guest_files_from_note(changed));
}
