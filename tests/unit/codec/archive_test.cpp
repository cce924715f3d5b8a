#include "codec/archive.hpp"

#include <algorithm>
#include <chrono>
#include <random>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>

#include "base/process.hpp"
#include "codec/cpio.hpp"
#include "codec/unpacked_format.hpp"
#include "support/failure.hpp"
#include "support/skip.hpp"

using namespace jaunt;
using base::ByteCount;
using base::ByteOffset;
using base::ErrorKind;
using codec::NotUnpacked;
using codec::UnpackedArchive;
using test_support::kind_of_failure;

namespace {

std::string noise(unsigned seed, std::size_t bytes) {
  std::mt19937 random(seed);
  std::string text(bytes, '\0');
  for (char& one : text)
    one = static_cast<char>(random());
  return text;
}

std::string log_of(int lines) {
  std::string log;
  for (int line = 0; line < lines; ++line)
    log += fmt::format("{} host daemon[{}]: something happened, for the {}th time\n", 1'700'000'000 + line * 7,
                       line % 91, line);
  return log;
}

std::string cpio(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string archive;
  const auto pad = [&] { archive.resize((archive.size() + 3) / 4 * 4); };
  const auto add = [&](const std::string& name, const std::string& content) {
    archive += fmt::format("070701{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}", 1,
                           0100644, 0, 0, 1, 0, content.size(), 0, 0, 0, 0, name.size() + 1, 0);
    archive += name + '\0';
    pad();
    archive += content;
    pad();
  };
  for (const auto& [name, content] : files)
    add(name, content);
  add("TRAILER!!!", "");
  archive.resize((archive.size() + 511) / 512 * 512);
  return archive;
}

struct Archives {
  base::TemporaryDirectory folder;
  base::TemporaryDirectory memory;
  base::CancelToken cancel;

  base::File file(const std::string& name, const std::string& content = {}) const {
    auto made = base::File::open(folder.path() / name, O_RDWR | O_CREAT | O_TRUNC);
    made.write_all({}, base::as_bytes(content));
    return made;
  }
  // What a program makes of a file that has a name and a time.
  std::string packed(std::vector<std::string> argv, const std::string& plain) const {
    file("plain", plain);
    argv.push_back((folder.path() / "plain").string());
    const auto made = base::run({.argv = argv, .environment = {}, .confinement = {}}, std::chrono::seconds(60),
                                ByteCount(base::kGiB));
    REQUIRE(made.status.success());
    return made.out;
  }
  std::variant<UnpackedArchive, NotUnpacked> unpack(const std::string& archive) const {
    return codec::unpack_archive(file("packed", archive), ByteCount(archive.size()), file("unpacked"), folder.path(),
                                 memory.path(), cancel);
  }
  std::string unpacked() const { return base::read_text_file(folder.path() / "unpacked", ByteCount(base::kGiB)); }
  std::string pack(const std::string& unpacked) const {
    codec::pack_archive(file("changed", unpacked), ByteCount(unpacked.size()), file("again"), folder.path(), cancel);
    return base::read_text_file(folder.path() / "again", ByteCount(base::kGiB));
  }
  bool survives(const std::string& archive) const {
    const auto result = unpack(archive);
    if (const auto* const no = std::get_if<NotUnpacked>(&result)) {
      MESSAGE("not unpacked: " << no->why);
      return false;
    }
    return std::get<UnpackedArchive>(result).size == ByteCount(unpacked().size()) && pack(unpacked()) == archive;
  }
};

// The places of a content's first block.
bool has_block(const std::string& unpacked, const std::string& content) {
  for (std::size_t at = 0; at + 4096 <= unpacked.size(); at += 4096)
    if (unpacked.compare(at, 4096, content, 0, 4096) == 0)
      return true;
  return false;
}

}  // namespace

TEST_CASE("An initial ramdisk is taken apart so that its files begin at blocks, and made again to the byte") {
  const Archives archives;
  const std::string module = noise(1, 50'001);
  const std::string library = noise(2, 9'000);
  const std::string plain = cpio({{"lib/module.ko", module}, {"etc/small", "x=1\n"}, {"lib/library.so", library}});
  const std::string micro = cpio({{"kernel/microcode", noise(3, 8'192)}});
  const std::string archive = micro + archives.packed({"gzip", "-c", "-6"}, plain);  // with name and time
  REQUIRE(archives.survives(archive));
  CHECK(has_block(archives.unpacked(), module));
  CHECK(has_block(archives.unpacked(), library));
  CHECK(has_block(archives.unpacked(), noise(3, 8'192)));
}

TEST_CASE("Which encoder makes an archive again is tried once, and remembered for that version of its program") {
  const Archives archives;
  const std::string archive = archives.packed({"gzip", "-nc", "-9"}, log_of(20'000));
  REQUIRE(archives.survives(archive));
  REQUIRE(std::distance(std::filesystem::directory_iterator(archives.memory.path()), {}) == 1);
  const std::filesystem::path note = std::filesystem::directory_iterator(archives.memory.path())->path();
  const std::string text = base::read_text_file(note, ByteCount(4096));
  const std::string version = text.substr(0, text.find('\n') + 1);
  CHECK(text == version + "gzip -9");
  // It is believed, which shows where it is not true.
  base::write_text_file(note, version + "gzip -1");
  REQUIRE(std::get<UnpackedArchive>(archives.unpack(archive)).encoder == "gzip -1");
  CHECK_THROWS_AS(archives.pack(archives.unpacked()), base::Error);
  base::write_text_file(note, version);
  CHECK(std::holds_alternative<NotUnpacked>(archives.unpack(archive)));
  base::write_text_file(note, "gzip 0.1\ngzip -1");
  CHECK(std::get<UnpackedArchive>(archives.unpack(archive)).encoder == "gzip -9");
  CHECK(archives.survives(archive));
}

TEST_CASE("What any of the known programs has packed is made again") {
  const Archives archives;
  const std::string log = log_of(20'000);
  for (const std::vector<std::string>& argv :
       std::vector<std::vector<std::string>>{{"gzip", "-c"},
                                             {"gzip", "-nc", "-9"},
                                             {"gzip", "-c", "-1"},
                                             {"zstd", "-qc", "-9"},
                                             {"zstd", "-qc", "-T2", "-3"},
                                             {"zstd", "-qc", "-19"},
                                             {"xz", "-c", "--check=crc32", "-6"},
                                             {"lz4", "-lc", "-9"}}) {
    CAPTURE(fmt::format("{} {}", argv.front(), argv.back()));
    if (base::run({.argv = {"which", argv.front()}, .environment = {}, .confinement = {}}, std::chrono::seconds(10),
                  ByteCount(base::kMiB))
            .status.success())
      CHECK(archives.survives(archives.packed(argv, log)));
  }
}

TEST_CASE("What nobody here can make again stays as it is, with the reason") {
  const Archives archives;
  const std::string archive = archives.packed({"gzip", "-nc", "-6"}, noise(4, 30'000) + std::string(30'000, 'a'));
  const auto refused = [&](const std::string& bytes) {
    const auto result = archives.unpack(bytes);
    const auto* const no = std::get_if<NotUnpacked>(&result);
    return no != nullptr && !no->why.empty();
  };
  CHECK(!refused(archive));
  CHECK(refused(archive.substr(0, archive.size() / 2)));
  CHECK(refused(archive + "more"));
  CHECK(refused(archives.packed({"gzip", "-nc", "-4"}, log_of(5'000))));
  CHECK(refused(noise(6, 10'000)));
  CHECK(refused(""));
  CHECK(refused(cpio({{"a", noise(7, 5'000)}})));
  std::string spoiled = archive;
  spoiled[100] = static_cast<char>(spoiled[100] ^ 1);
  CHECK(refused(spoiled));
}

TEST_CASE("An unpacked archive of a hostile node makes nothing but what it says, or is refused") {
  const Archives archives;
  const std::string archive = archives.packed({"gzip", "-nc", "-6"}, cpio({{"a", noise(8, 20'000)}}));
  REQUIRE(archives.survives(archive));
  const std::string good = archives.unpacked();
  CHECK(archives.pack(good) == archive);
  std::string other = good;
  other[other.size() - 4'000] = static_cast<char>(other[other.size() - 4'000] ^ 1);
  CHECK(kind_of_failure([&] { archives.pack(other); }) == ErrorKind::incompatible);
  CHECK(kind_of_failure([&] { archives.pack(good.substr(0, good.size() - 4096)); }) == ErrorKind::corrupt);
  CHECK(kind_of_failure([&] { archives.pack(good.substr(0, 10)); }) == ErrorKind::corrupt);
  CHECK(kind_of_failure([&] { archives.pack(noise(9, 8192)); }) == ErrorKind::corrupt);
  std::string unknown = good;
  const std::size_t name = unknown.find("gzip -6");
  REQUIRE(name != unknown.npos);
  unknown.replace(name, 7, "gzip -7");
  CHECK(kind_of_failure([&] { archives.pack(unknown); }) == ErrorKind::incompatible);
}

TEST_CASE("A member that claims to be longer than its archive ends the archive") {
  const Archives archives;
  std::string text = cpio({{"a", noise(10, 5'000)}, {"b", noise(11, 5'000)}});
  const std::size_t second = text.find("070701", 100);
  REQUIRE(second != text.npos);
  text.replace(second + 54, 8, "FFFFFFFF");
  const auto parts = codec::cpio_parts(archives.file("cpio", text), {}, ByteOffset(text.size()));
  REQUIRE(parts.members.size() == 1);
  CHECK(parts.members.front().size == ByteCount(5'000));
  CHECK(parts.end == ByteOffset(second));
  CHECK(codec::cpio_parts(archives.file("cpio", "070701"), {}, ByteOffset(6)).members.empty());
}

TEST_CASE("The encoders of another version are other ones") {
  CHECK(codec::has_encoder("gzip -6", "0.1") == false);
  CHECK(codec::has_encoder("gzip -7", "1.12") == false);
  const Archives archives;
  const auto found = archives.unpack(archives.packed({"gzip", "-nc"}, noise(12, 1000)));
  const auto& archive = std::get<UnpackedArchive>(found);
  CHECK(archive.encoder == "gzip -6");
  CHECK(codec::has_encoder(archive.encoder, archive.version));
}
