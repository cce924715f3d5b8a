#include <doctest/doctest.h>

#include "base/error.hpp"
#include "describe/filefrag.hpp"
#include "describe/splitting.hpp"
#include "describe/user_data.hpp"

using namespace jaunt;
using namespace jaunt::describe;
using base::ByteCount;
using base::ByteOffset;
using namespace std::string_literals;

namespace {

std::string report(const std::string& name, const std::string& runs) {
  return "File size of " + name + " is 9000 (9216 blocks of 1 bytes)\n" +
         " ext:     logical_offset:        physical_offset: length:   expected: flags:\n" + runs + name +
         ": 1 extent found\n";
}

const std::string kRun = "   0:        0..    9215:    3577856..   3587071:   9216:             last,eof\n";

std::vector<FileRuns> read(const std::string& stream, std::size_t piece = 7) {
  std::vector<FileRuns> files;
  FilefragReader reader([&](const FileRuns& file) { files.push_back(file); });
  for (std::size_t at = 0; at < stream.size(); at += piece)
    reader.add(std::string_view(stream).substr(at, piece));
  return files;
}

}  // namespace

TEST_CASE("Runs of files are read in batches, however the stream is cut") {
  const std::string stream = "./a\0./b\0\0"s + "Filesystem type is: ef53\n" + report("./a", kRun) +
                             report("./b", kRun) + "\0./c\0\0"s + report("./c", kRun) + "\0"s;
  for (const std::size_t piece : {1U, 7U, 100000U}) {
    const auto files = read(stream, piece);
    REQUIRE(files.size() == 3);
    CHECK(files[1].path == "./b");
    CHECK(files[1].size == ByteCount(9000));
    CHECK(files[2].runs == std::vector<FileRun>{{ByteOffset(0), ByteOffset(3577856), ByteCount(9216)}});
  }
}

TEST_CASE("A name with line ends cannot pass for another file") {
  const std::string hostile = "./x\nFile size of ./passwd is 5 (5 blocks of 1 bytes)\n" + kRun + "./passwd: 1";
  const auto files = read(hostile + "\0./passwd\0\0"s + report(hostile, "") + report("./passwd", kRun) + "\0"s);
  REQUIRE(files.size() == 1);
  CHECK(files[0].path == "./passwd");
  CHECK(files[0].size == ByteCount(9000));
}

TEST_CASE("A file that could not be opened is passed over") {
  const auto files = read("./gone\0./b\0\0"s + report("./b", kRun) + "\0"s);
  REQUIRE(files.size() == 1);
  CHECK(files[0].path == "./b");
}

TEST_CASE("Bytes kept inside an inode, compressed or not yet written have no place") {
  for (const char* flag : {"inline", "unwritten,last", "encoded", "delalloc"})
    CHECK(read("./a\0\0"s + report("./a", "   0:  0..  99:  4096..  4195:  100:  : " + std::string(flag) + "\n") +
               "\0"s)
              .empty());
}

TEST_CASE("User data is where people keep it, not where the system can make it again") {
  CHECK(user_data_place("/home/x") == "/home");
  CHECK(user_data_place("/usr/local/bin/tool") == "/usr/local");
  CHECK(user_data_place("/var/www/a/index.html") == "/var/www");
  CHECK(user_data_place("/var/lib/mysql/ibdata1") == "/var/lib/mysql");
  CHECK(user_data_place("/export/x") == "/export");
  for (const char* path : {"/usr/bin/sh", "/etc/passwd", "/var/cache/apt/x", "/var/lib/dpkg/status", "/vmlinuz",
                           "/usr/local", "/boot/grub/x", "", "/"})
    CHECK_FALSE(user_data_place(path).has_value());
}

TEST_CASE("Files of packages are no user data, and the largest place comes first") {
  UserDataCounter counter;
  counter.own("/var/www/html/index.html");
  counter.add("/var/www/html/index.html", ByteCount(1000));
  counter.add("/srv/a", ByteCount(10));
  counter.add("/home/c", ByteCount(20));
  counter.add("/home/d", ByteCount(5));
  const auto places = counter.places();
  REQUIRE(places.size() == 2);
  CHECK(places[0] == model::UserData{.path = "/home", .bytes = ByteCount(25), .files = 2});
  CHECK(places[1].path == "/srv");
}

TEST_CASE("An entry longer than its bound is refused") {
  Splitter splitter('\n', 4, [](std::string_view) {});
  splitter.add("abc\nab");
  CHECK_THROWS_AS(splitter.add("cde"), base::Error);
}
