#include "disk/partial_image.hpp"

#include <cstring>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.hpp"
#include "base/process.hpp"
#include "model/block.hpp"

using namespace jaunt;
namespace fs = std::filesystem;

namespace {

struct Place {
  base::TemporaryDirectory folder{"/var/tmp"};
  disk::PartialImageSpec spec(const std::string& format) const {
    return {.path = folder.path() / ".target.partial",
            .final_path = folder.path() / "target",
            .format = format,
            .size = base::ByteCount(3 * base::kMiB + 512)};
  }
  std::unique_ptr<disk::PartialImage> open(const std::string& format) const {
    return disk::open_partial_image(spec(format));
  }
  bool visible() const { return fs::exists(folder.path() / "target"); }
};

base::Bytes filled(std::size_t size, unsigned char with) {
  return base::Bytes(size, std::byte{with});
}

base::Bytes read(disk::PartialImage& image, std::uint64_t at, std::size_t size) {
  base::Bytes bytes(size, std::byte{0x77});
  image.read(base::ByteOffset(at), bytes);
  return bytes;
}

}  // namespace

TEST_CASE("A partial image outlives its process, is hidden until it is committed, and then whole") {
  for (const std::string format : {"raw", "qcow2"}) {
    CAPTURE(format);
    const Place place;
    {
      const auto image = place.open(format);
      CHECK(!image->found());
      CHECK(!image->data_from({}));
      image->write(base::ByteOffset(base::kMiB), filled(8192, 5));
      image->write(base::ByteOffset(3 * base::kMiB), filled(512, 6));
      image->keep();
    }
    CHECK(!place.visible());
    const auto image = place.open(format);
    CHECK(image->found());
    CHECK(read(*image, base::kMiB, 8192) == filled(8192, 5));
    CHECK(read(*image, 3 * base::kMiB, 512) == filled(512, 6));
    CHECK(read(*image, 0, 4096) == filled(4096, 0));
    REQUIRE(image->data_from({}));
    CHECK(image->data_from({})->offset.value >= 960 * base::kKiB);
    image->write(base::ByteOffset(base::kMiB), filled(8192, 0));
    CHECK(read(*image, base::kMiB, 8192) == filled(8192, 0));
    image->commit(false);
    CHECK(place.visible());
    CHECK(!fs::exists(place.spec(format).path));
    CHECK(fs::status(place.spec(format).final_path).permissions() ==
          (fs::perms::owner_read | fs::perms::owner_write));
  }
}

TEST_CASE("A partial image does not take the place of what has appeared meanwhile, unless it may") {
  const Place place;
  {
    const auto image = place.open("raw");
    base::write_text_file(place.spec("raw").final_path, "mine");
    CHECK_THROWS_AS(image->commit(false), base::Error);
    CHECK(base::read_text_file(place.spec("raw").final_path, base::ByteCount(100)) == "mine");
  }
  place.open("raw")->commit(true);
  CHECK(fs::file_size(place.spec("raw").final_path) == 3 * base::kMiB + 512);
}

TEST_CASE("A hidden file that is not ours, or a link, is not written to") {
  const Place place;
  base::write_text_file(place.folder.path() / "precious", "precious");
  fs::create_symlink(place.folder.path() / "precious", place.spec("raw").path);
  CHECK_THROWS_AS(place.open("raw"), base::Error);
  fs::remove(place.spec("raw").path);
  fs::create_hard_link(place.folder.path() / "precious", place.spec("raw").path);
  CHECK_THROWS_AS(place.open("raw"), base::Error);
  CHECK(base::read_text_file(place.folder.path() / "precious", base::ByteCount(100)) == "precious");
}

TEST_CASE("A hidden file that is no qcow2 any more is begun anew") {
  const Place place;
  base::write_text_file(place.spec("qcow2").path, "torn");
  const auto image = place.open("qcow2");
  CHECK(read(*image, 0, 4096) == filled(4096, 0));
  image->write({}, filled(4096, 1));
  image->commit(false);
  CHECK(place.visible());
}

TEST_CASE("Bytes are referred to in another file where the filesystem can do that, else it says so") {
  const Place place;
  const auto file = base::File::open(place.folder.path() / "other", O_RDWR | O_CREAT);
  file.write_all({}, filled(base::kMiB, 9));
  const auto image = place.open("raw");
  if (image->clone(base::ByteOffset(64 * base::kKiB), file, base::ByteOffset(128 * base::kKiB),
                   base::ByteCount(64 * base::kKiB)))
    CHECK(read(*image, 64 * base::kKiB, 65536) == filled(65536, 9));
  else
    CHECK(read(*image, 64 * base::kKiB, 65536) == filled(65536, 0));
  const auto qcow2 = disk::open_partial_image({.path = place.folder.path() / ".q",
                                               .final_path = place.folder.path() / "q",
                                               .format = "qcow2",
                                               .size = base::ByteCount(base::kMiB)});
  CHECK(!qcow2->clone({}, file, {}, base::ByteCount(65536)));
}

TEST_CASE("A target of another format is refused by name") {
  const Place place;
  try {
    place.open("vmdk");
    FAIL("it was made");
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::unsupported);
    CHECK(std::strstr(error.what(), "vmdk") != nullptr);
  }
}

namespace {

// A base, and a target of another size that is to stand on it.
struct Thin : Place {
  fs::path base = folder.path() / "base.raw";

  explicit Thin(const std::string& begins_with = "") {
    const auto file = base::File::open(base, O_RDWR | O_CREAT);
    file.write_all({}, filled(4 * base::kMiB, 9));
    file.write_all({}, base::as_bytes(begins_with));
  }
  disk::Chain chain() const {
    return disk::resolve_chain({.path = base, .format = "raw"}, {.folders = {folder.path()}, .devices = {}});
  }
  std::unique_ptr<disk::PartialImage> open_thin() const {
    disk::PartialImageSpec thin = spec("qcow2");
    thin.backing = chain();
    return disk::open_partial_image(thin);
  }
  // What a process leaves that is killed.
  void begin(const base::Bytes& bytes) const {
    const auto image = open_thin();
    image->write({}, bytes);
    image->keep();
  }
  // As whoever opens the finished file by its own header reads it.
  std::string finished() const {
    const std::string raw = (folder.path() / "read").string();
    const auto result = base::run(
        {.argv = {"qemu-img", "convert", "-f", "qcow2", "-O", "raw", (folder.path() / "target").string(), raw},
         .environment = {},
         .confinement = {}},
        std::chrono::seconds(60), base::ByteCount(base::kMiB));
    INFO(result.err);
    REQUIRE(result.status.success());
    return base::read_text_file(raw, base::ByteCount(8 * base::kMiB));
  }
};

bool all(std::string_view bytes, char is) {
  return bytes.find_first_not_of(is) == bytes.npos;
}

}  // namespace

TEST_CASE("A thin image holds only what its base does not read as, and shows nothing of the base where it is zero") {
  const Thin thin;
  {
    const auto image = thin.open_thin();
    CHECK(read(*image, 0, 4096) == filled(4096, 9));
    image->write({}, filled(base::kMiB, 9));  // as it is in the base
    image->write(base::ByteOffset(base::kMiB), filled(8192, 5));
    image->write(base::ByteOffset(base::kMiB + 8192), filled(base::kMiB - 8192, 0));
    image->keep();
  }
  const auto image = thin.open_thin();
  CHECK(image->found());
  CHECK(image->referenced().value == 2 * base::kMiB + 512);  // the first, and from the third on
  image->commit(false);
  CHECK(fs::file_size(thin.folder.path() / "target") < base::kMiB);
  const std::string bytes = thin.finished();
  CHECK(bytes.size() == 3 * base::kMiB + 512);
  CHECK(all(bytes.substr(0, base::kMiB), 9));
  CHECK(all(bytes.substr(base::kMiB, 8192), 5));
  CHECK(all(bytes.substr(base::kMiB + 8192, base::kMiB - 8192), 0));
  CHECK(all(bytes.substr(2 * base::kMiB), 9));
}

TEST_CASE("The last sector of a thin image shows nothing of its base beyond the image's end") {
  const Thin thin;
  disk::PartialImageSpec spec = thin.spec("qcow2");
  spec.size = base::ByteCount(base::kMiB + 100);
  spec.backing = thin.chain();
  disk::open_partial_image(spec)->commit(false);
  const std::string bytes = thin.finished();
  CHECK(bytes.size() == base::kMiB + 512);
  CHECK(all(bytes.substr(0, base::kMiB + 100), 9));
  CHECK(all(bytes.substr(base::kMiB + 100), 0));
}

TEST_CASE("A raw base whose guest wrote the header of another format stays raw") {
  // A version 2 header with a backing file named at byte 72.
  std::string header("QFI\xfb\0\0\0\2\0\0\0\0\0\0\0\x48\0\0\0\xb", 20);
  header.resize(72);
  const Thin thin(header + "/etc/shadow");
  thin.open_thin()->commit(false);
  CHECK(thin.finished().substr(0, 83) == header + "/etc/shadow");
}

TEST_CASE("What was begun as a thin image and is gone on with as a flat one shows nothing of the base") {
  const Thin thin;
  thin.begin(filled(4096, 5));
  const auto image = thin.open("qcow2");
  CHECK(image->referenced().value == 0);
  CHECK(read(*image, 0, 4096) == filled(4096, 5));
  image->commit(false);
  CHECK(all(thin.finished().substr(64 * base::kKiB), 0));
}

TEST_CASE("A thin image that is gone on with on another base is read through that") {
  const Thin thin;
  thin.begin(filled(4096, 5));
  fs::rename(thin.base, thin.folder.path() / "old.raw");
  base::File::open(thin.base, O_RDWR | O_CREAT).write_all({}, filled(base::kMiB, 7));
  thin.open_thin()->commit(false);
  const std::string bytes = thin.finished();
  CHECK(all(bytes.substr(0, 4096), 5));
  CHECK(all(bytes.substr(64 * base::kKiB, 64 * base::kKiB), 7));
}
