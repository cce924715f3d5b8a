#include "disk/chain.hpp"

#include <algorithm>
#include <cstring>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "disk/open.hpp"
#include "unit/disk/images.hpp"

using namespace jaunt;
using namespace jaunt::disk;
using namespace jaunt::disk::test;
using base::Error;
using base::ErrorKind;
namespace fs = std::filesystem;

namespace {

// A qcow2 whose header names this backing file, whatever that is.
void make_overlay(const Images& images, const std::string& name, const std::string& backing,
                  const std::string& format = "raw") {
  images.run({"qemu-img", "create", "-q", "-f", "qcow2", "-u", "-b", backing, "-F", format, name, "1M"});
}

void make_raw(const fs::path& path, std::uint64_t size = base::kMiB) {
  base::File::open(path, O_WRONLY | O_CREAT).truncate(base::ByteCount(size));
}

// Replaces a text that occurs once in a file by one of the same length.
void replace_in_file(const fs::path& path, std::string_view from, std::string_view to) {
  REQUIRE(from.size() == to.size());
  const base::Bytes bytes = file_bytes(path);
  const auto pattern = base::as_bytes(from);
  const auto found = std::search(bytes.begin(), bytes.end(), pattern.begin(), pattern.end());
  REQUIRE(found != bytes.end());
  patch_file(path, static_cast<std::uint64_t>(found - bytes.begin()), base::as_bytes(to));
}

// The resolution of `name` must be refused, naming the offender and the image that led to it.
void check_refused(const Images& images, const std::string& name, const std::string& offender) {
  const Error error = failure_of([&] { images.chain(name); });
  INFO(error.what());
  CHECK(error.kind() == ErrorKind::auth);
  CHECK(std::string(error.what()).find(offender) != std::string::npos);
  CHECK(std::string(error.what()).find(images.path(name).string()) != std::string::npos);
  CHECK_FALSE(error.remedy().empty());
}

}  // namespace

TEST_CASE("A chain is told layer by layer, top first") {
  const Images images;
  make_three_layers(images);
  const Chain chain = images.chain("top.qcow2");
  REQUIRE(chain.layers.size() == 3);
  CHECK(chain.layers[0].path == images.path("top.qcow2"));
  CHECK(chain.layers[1].path == images.path("middle.qcow2"));
  CHECK(chain.layers[2].path == images.path("base.raw"));
  CHECK(chain.layers[0].format == "qcow2");
  CHECK(chain.layers[2].format == "raw");
  CHECK(chain.size().value == base::kMiB);
  CHECK(chain.layers[0].allocated.value > 0);
  CHECK(chain.layers[0].identity.inode != 0);
}

TEST_CASE("A header that is known is not read again, and its backing file is vetted all the same") {
  const Images images;
  make_three_layers(images);
  const Chain read = images.chain("top.qcow2");
  std::vector<std::string> asked;
  const auto recall = [&](const VettedFile& file, const std::string& format) -> std::optional<LayerHeader> {
    asked.push_back(format + " " + file.path.filename().string());
    return LayerHeader{
        .virtual_size = base::ByteCount(12345), .backing = BackingName{"base.raw", "raw"}, .bitmaps = {}};
  };
  CHECK(read.parts[0].backing == BackingName{"middle.qcow2", "qcow2"});
  const Chain recalled = resolve_chain({.path = images.path("top.qcow2"), .format = {}}, images.policy(), recall);
  CHECK(asked == std::vector<std::string>{"qcow2 top.qcow2"});
  CHECK(recalled.size() == base::ByteCount(12345));
  REQUIRE(recalled.layers.size() == 2);
  CHECK(recalled.layers[1].path == images.path("base.raw"));

  write_file(images.outside("secret"), filled(4096, 1));
  const auto lie = [&](const VettedFile&, const std::string&) {
    return LayerHeader{
        .virtual_size = base::ByteCount(1), .backing = BackingName{images.outside("secret"), "raw"}, .bitmaps = {}};
  };
  const Error refused =
      failure_of([&] { resolve_chain({.path = images.path("top.qcow2"), .format = {}}, images.policy(), lie); });
  CHECK(refused.kind() == ErrorKind::auth);
  CHECK(refused.remedy().find("images.folders") != std::string::npos);
}

TEST_CASE("A backing file outside of the allowed folders is refused by name") {
  const Images images;
  make_raw(images.outside("secret.raw"));
  make_overlay(images, "absolute.qcow2", images.outside("secret.raw"));
  check_refused(images, "absolute.qcow2", images.outside("secret.raw"));
  make_overlay(images, "etc.qcow2", "/etc/shadow");
  check_refused(images, "etc.qcow2", "/etc/shadow");
  make_overlay(images, "dots.qcow2", "../../../../../../etc/shadow");
  check_refused(images, "dots.qcow2", "/etc/shadow");
  make_overlay(images, "missing.qcow2", "/no/such/file");
  check_refused(images, "missing.qcow2", "/no/such/file");
}

TEST_CASE("A backing file that is a link to the outside is refused") {
  const Images images;
  make_raw(images.outside("secret.raw"));
  fs::create_symlink(images.outside("secret.raw"), images.path("inside.raw"));
  make_overlay(images, "top.qcow2", "inside.raw");
  check_refused(images, "top.qcow2", images.outside("secret.raw"));
}

TEST_CASE("The image itself must lie in an allowed folder") {
  const Images images;
  make_raw(images.outside("disk.raw"));
  const auto outside = [&] { resolve_chain({.path = images.outside("disk.raw"), .format = {}}, images.policy()); };
  CHECK(failure_of(outside).kind() == ErrorKind::auth);
  // A folder whose name merely begins like an allowed one is another folder.
  const fs::path neighbour = images.folder().string() + "-more";
  fs::create_directory(neighbour);
  make_raw(neighbour / "disk.raw");
  CHECK(failure_of([&] { resolve_chain({.path = neighbour / "disk.raw", .format = {}}, images.policy()); }).kind() ==
        ErrorKind::auth);
  fs::remove_all(neighbour);
}

TEST_CASE("A backing file that is no file's name is refused") {
  const Images images;
  for (const std::string name :
       {"json:{\"driver\":\"file\",\"filename\":\"/etc/passwd\"}", "nbd:localhost:10809", "nbd://localhost/x",
        "http://localhost/x", "ssh://localhost/x", "fat:/etc", "file:/etc/passwd"}) {
    make_overlay(images, "top.qcow2", name);
    check_refused(images, "top.qcow2", name);
  }
}

TEST_CASE("A data file outside of the allowed folders is refused by name") {
  const Images images;
  const std::string outside = images.outside("data.bin");
  images.run({"qemu-img", "create", "-q", "-f", "qcow2", "-o", "data_file=" + outside, "top.qcow2", "1M"});
  check_refused(images, "top.qcow2", outside);
}

TEST_CASE("A data file within the allowed folders is read") {
  const Images images;
  images.run({"qemu-img", "create", "-q", "-f", "qcow2", "-o", "data_file=data.bin", "top.qcow2", "1M"});
  images.qemu_io("write -P 7 64k 64k", "top.qcow2");
  const Chain chain = images.chain("top.qcow2");
  REQUIRE(chain.parts[0].data_file.has_value());
  CHECK_FALSE(chain.parts[0].self_contained());
  CHECK(read_range(*open_image(chain), kCluster, kCluster) == filled(kCluster, 7));
}

TEST_CASE("A VMDK with extents of its own folder is read") {
  const Images images;
  for (const std::string kind : {"monolithicFlat", "twoGbMaxExtentSparse", "monolithicSparse", "streamOptimized"}) {
    INFO(kind);
    images.run({"qemu-img", "create", "-q", "-f", "raw", "source.raw", "4M"});
    images.qemu_io("write -P 5 1M 64k", "source.raw", "raw");
    images.run(
        {"qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=" + kind, "source.raw", "disk.vmdk"});
    const auto image = open_image(images.chain("disk.vmdk"));
    CHECK(read_all(*image) == file_bytes(images.path("source.raw")));
  }
}

TEST_CASE("A VMDK with an extent elsewhere is refused by name") {
  const Images images;
  images.run({"qemu-img", "create", "-q", "-f", "vmdk", "-o", "subformat=monolithicFlat", "disk.vmdk", "4M"});
  replace_in_file(images.path("disk.vmdk"), "disk-flat.vmdk", "/../etc/shadow");
  check_refused(images, "disk.vmdk", "/../etc/shadow");
  replace_in_file(images.path("disk.vmdk"), "/../etc/shadow", "nbd:localhost:");
  check_refused(images, "disk.vmdk", "nbd:localhost:");
}

TEST_CASE("A VMDK whose parent lies elsewhere is refused by name") {
  const Images images;
  images.run({"qemu-img", "create", "-q", "-f", "vmdk", "parent.vmdk", "4M"});
  images.run({"qemu-img", "create", "-q", "-f", "vmdk", "-b", "parent.vmdk", "-F", "vmdk", "child.vmdk"});
  CHECK(images.chain("child.vmdk").layers.size() == 2);
  replace_in_file(images.path("child.vmdk"), "=\"parent.vmdk", "=\"/etc/shadow");
  check_refused(images, "child.vmdk", "/etc/shadow");
}

TEST_CASE("Other formats are read by name and header") {
  const Images images;
  images.run({"qemu-img", "create", "-q", "-f", "raw", "source.raw", "4M"});
  images.qemu_io("write -P 5 1M 64k", "source.raw", "raw");
  using Named = std::pair<std::string, std::string>;
  for (const auto& [format, name] : {Named{"vdi", "d.vdi"}, Named{"vhdx", "d.vhdx"}, Named{"vpc", "d.vhd"}}) {
    INFO(format);
    images.run({"qemu-img", "convert", "-f", "raw", "-O", format, "source.raw", name});
    const auto image = open_image(images.chain(name));
    CHECK(read_range(*image, base::kMiB, kCluster) == filled(kCluster, 5));
  }
}

TEST_CASE("A chain that leads back to itself is refused") {
  const Images images;
  make_overlay(images, "a.qcow2", "b.qcow2", "qcow2");
  make_overlay(images, "b.qcow2", "a.qcow2", "qcow2");
  CHECK_THROWS_WITH_AS(images.chain("a.qcow2"), doctest::Contains("back to itself"), Error);
  fs::create_hard_link(images.path("a.qcow2"), images.path("c.qcow2"));
  CHECK_THROWS_WITH_AS(images.chain("c.qcow2"), doctest::Contains("back to itself"), Error);
}

TEST_CASE("A chain of 64 layers is read and one of 65 refused") {
  const Images images;
  make_raw(images.path("layer-00.raw"));
  make_overlay(images, "template", "layer-00.raw");
  const base::Bytes qcow2 = file_bytes(images.path("template"));
  const auto name = [](int n) { return "layer-" + std::string(n < 10 ? "0" : "") + std::to_string(n); };
  for (int n = 1; n < 65; ++n) {
    write_file(images.path(name(n) + ".raw"), qcow2);
    replace_in_file(images.path(name(n) + ".raw"), "layer-00.raw", name(n - 1) + ".raw");
    if (n > 1)  // the file below is a raw one only for the lowest overlay
      replace_in_file(images.path(name(n) + ".raw"), std::string_view("\0\0\0\3raw\0\0\0\0\0", 12),
                      std::string_view("\0\0\0\5qcow2\0\0\0", 12));
  }
  const Chain deepest = images.chain(name(63) + ".raw", "qcow2");
  CHECK(deepest.layers.size() == 64);
  images.qemu_io("write -P 4 0 64k", name(0) + ".raw", "raw");
  CHECK(read_range(*open_image(deepest), 0, kCluster) == filled(kCluster, 4));
  CHECK(failure_of([&] { images.chain(name(64) + ".raw", "qcow2"); }).kind() == ErrorKind::limit);
}

TEST_CASE("A disk that claims an absurd size is refused") {
  const Images images;
  images.run({"qemu-img", "create", "-q", "-f", "qcow2", "-o", "cluster_size=2M", "big.qcow2", "2000T"});
  CHECK(failure_of([&] { images.chain("big.qcow2"); }).kind() == ErrorKind::limit);
}

TEST_CASE("A header that breaks its format is refused and the file named") {
  const Images images;
  make_overlay(images, "top.qcow2", "base.raw");
  patch_file(images.path("top.qcow2"), 20, filled(4, 0xff));  // cluster_bits
  const Error error = failure_of([&] { images.chain("top.qcow2"); });
  CHECK(error.kind() == ErrorKind::corrupt);
  CHECK(error.subject() == images.path("top.qcow2"));
  write_file(images.path("short.qcow2"), base::as_bytes(std::string_view("QFI\xfb\0\0\0\3", 8)));
  CHECK(failure_of([&] { images.chain("short.qcow2"); }).kind() == ErrorKind::corrupt);
}

TEST_CASE("An image that QEMU encrypted is named as such") {
  const Images images;
  images.run({"qemu-img", "create", "-q", "-f", "qcow2", "secret.qcow2", "1M"});
  patch_file(images.path("secret.qcow2"), 35, filled(1, 1));  // crypt_method: AES
  CHECK(failure_of([&] { images.chain("secret.qcow2"); }).kind() == ErrorKind::unsupported);
}

TEST_CASE("Only files and listed devices are images") {
  const Images images;
  REQUIRE(::mkfifo(images.path("pipe.raw").c_str(), 0600) == 0);
  CHECK(failure_of([&] { images.chain("pipe.raw"); }).kind() == ErrorKind::unsupported);
  CHECK(failure_of([&] { images.chain("none.raw"); }).kind() == ErrorKind::not_found);
  const auto null = [&] { resolve_chain({.path = "/dev/null", .format = {}}, {.folders = {"/dev"}, .devices = {}}); };
  CHECK(failure_of(null).kind() == ErrorKind::unsupported);
}
