#include "disk/chain.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "disk/open.hpp"
#include "images.hpp"

using namespace jaunt;
using namespace jaunt::disk;
using namespace jaunt::disk::test;
using base::Error;
using base::ErrorKind;

namespace {

constexpr std::size_t kCluster = 65536;

// base.raw <- middle.qcow2 <- top.qcow2, 1 MiB each: base has clusters 0..3, middle hides 1 and zeroes 2, top
// hides 3.
void make_three_layers(const Images& images) {
  images.run({"qemu-img", "create", "-q", "-f", "raw", "base.raw", "1M"});
  images.qemu_io("write -P 1 0 256k", "base.raw", "raw");
  images.run({"qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", "middle.qcow2"});
  images.qemu_io("write -P 2 64k 64k", "middle.qcow2");
  images.qemu_io("write -z 128k 64k", "middle.qcow2");
  images.run({"qemu-img", "create", "-q", "-f", "qcow2", "-b", "middle.qcow2", "-F", "qcow2", "top.qcow2"});
  images.qemu_io("write -P 3 192k 64k", "top.qcow2");
}

base::Bytes filled(std::size_t size, int value) {
  return base::Bytes(size, std::byte(value));
}

}  // namespace

TEST_CASE("A chain of three layers reads as the guest sees it") {
  const Images images;
  make_three_layers(images);
  const Chain chain = images.chain("top.qcow2");
  REQUIRE(chain.layers.size() == 3);
  CHECK(chain.layers[1].path == images.path("middle.qcow2"));
  CHECK(chain.layers[2].format == "raw");
  const auto image = open_image(chain);
  REQUIRE(image->size().value == 1 << 20);
  CHECK(read_range(*image, 0, kCluster) == filled(kCluster, 1));
  CHECK(read_range(*image, kCluster, kCluster) == filled(kCluster, 2));
  CHECK(read_range(*image, 2 * kCluster, kCluster) == filled(kCluster, 0));
  CHECK(read_range(*image, 3 * kCluster, kCluster) == filled(kCluster, 3));
}
