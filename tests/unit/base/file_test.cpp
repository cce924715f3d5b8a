#include "base/file.hpp"

#include <fstream>

#include <doctest/doctest.h>
#include <fcntl.h>

#include "base/error.hpp"

using namespace jaunt::base;
namespace fs = std::filesystem;

namespace {

std::size_t entries_in(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("A file under construction is invisible until it is committed") {
  const TemporaryDirectory home;
  const fs::path path = home.path() / "disk";
  AtomicFile file(path);
  file.file().write_all(ByteOffset(0), as_bytes("whole"));
  CHECK_FALSE(fs::exists(path));
  file.commit();
  CHECK(read_text_file(path, ByteCount(100)) == "whole");
}

TEST_CASE("A file that is not committed leaves nothing behind") {
  const TemporaryDirectory home;
  { AtomicFile(home.path() / "disk").file().write_all(ByteOffset(0), as_bytes("half")); }
  CHECK(entries_in(home.path()) == 0);
}

TEST_CASE("An abandoned replacement leaves the former file as it was") {
  const TemporaryDirectory home;
  write_text_file(home.path() / "f", "old");
  { AtomicFile(home.path() / "f").file().write_all(ByteOffset(0), as_bytes("new")); }
  CHECK(read_text_file(home.path() / "f", ByteCount(10)) == "old");
  CHECK(entries_in(home.path()) == 1);
}

TEST_CASE("A file that must be new does not replace one that appeared meanwhile") {
  const TemporaryDirectory home;
  AtomicFile file(home.path() / "f");
  write_text_file(home.path() / "f", "theirs");
  CHECK_THROWS_AS(file.commit(AtomicFile::Existing::keep), Error);
  CHECK(read_text_file(home.path() / "f", ByteCount(10)) == "theirs");
}

TEST_CASE("Reading exactly beyond the end names the file") {
  const TemporaryDirectory home;
  write_text_file(home.path() / "short", "abc");
  const File file = File::open(home.path() / "short", O_RDONLY);
  std::array<std::byte, 4> buffer;
  CHECK_THROWS_WITH_AS(file.read_exact(ByteOffset(0), buffer), doctest::Contains("short"), Error);
  CHECK(file.read_some(ByteOffset(1), buffer) == 2);
}

TEST_CASE("A text file longer than its bound is refused, one of exactly the bound is read") {
  const TemporaryDirectory home;
  write_text_file(home.path() / "f", std::string(200000, 'x'));
  CHECK(read_text_file(home.path() / "f", ByteCount(200000)).size() == 200000);
  CHECK_THROWS_AS(read_text_file(home.path() / "f", ByteCount(199999)), Error);
}

TEST_CASE("A mapped file shows its bytes, also when it is empty") {
  const TemporaryDirectory home;
  write_text_file(home.path() / "full", "jaunt");
  write_text_file(home.path() / "empty", "");
  CHECK(MappedFile(home.path() / "full").bytes().size() == 5);
  CHECK(MappedFile(home.path() / "empty").bytes().empty());
}
