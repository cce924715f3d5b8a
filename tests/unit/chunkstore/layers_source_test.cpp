#include "chunkstore/layers_source.hpp"

#include <map>
#include <thread>

#include <doctest/doctest.h>
#include <fcntl.h>

#include "base/error.hpp"
#include "disk/open.hpp"
#include "support/tree_fixture.hpp"
#include "unit/disk/images.hpp"

using namespace jaunt;
using namespace jaunt::chunkstore;
namespace fs = std::filesystem;

namespace {

// base.raw <- middle.qcow2 <- top.qcow2, catalogued as one image of an entry.
struct Fixture {
  disk::test::Images images;
  base::TemporaryDirectory home;
  Catalog catalog{home.path()};
  base::Progress silent;
  EntryRecord entry{.location = "/somewhere"};

  Fixture() { REQUIRE(catalog.add_entry(entry)); }

  ImageRecord add(const std::string& name, const std::string& domain = "", const std::string& realm = "default") {
    EntryRecord place = entry;
    place.realm = realm;
    catalog.add_entry(place);
    const disk::Chain chain = images.chain(name);
    ImageRecord image;
    image.realm = realm;
    image.entry = key_of(place);
    image.path = chain.top().path;
    image.domain = domain;
    image.target = domain.empty() ? "" : "vda";
    image.size = chain.size();
    for (std::size_t i = 0; i < chain.layers.size(); ++i) {
      image.layers.push_back(layer_key(realm, chain.layers[i].path, chain.layers[i].format));
      if (!catalog.find_layer(image.layers.back()))
        catalog.scan_layer(chain, i, {}, silent, {}, realm);
    }
    catalog.put_image(image);
    return image;
  }
  void add_three_layers() {
    disk::test::make_three_layers(images);
    settle();
    add("top.qcow2");
  }
  static void settle() { std::this_thread::sleep_for(std::chrono::milliseconds(25)); }
  std::unique_ptr<LayersSource> open(const std::string& realm = "default") const {
    return LayersSource::open(catalog, realm);
  }
};

model::BlockId id_of_filled(int value) {
  return *model::BlockHasher().id_of(disk::test::filled(4096, value));
}

std::vector<Place> places(const Source& source, std::vector<model::BlockId> ids) {
  std::ranges::sort(ids);
  std::vector<Place> result;
  source.find(ids, [&](std::size_t, const Place& place) { result.push_back(place); });
  return result;
}

bool reads(SourceReader& reader, const Place& place, int value) {
  std::array<std::byte, 4096> block{};
  return reader.read(place, block) && std::ranges::equal(block, disk::test::filled(4096, value));
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "Blocks of every layer of a chain are found and read, hidden ones too") {
  add_three_layers();
  const auto source = open();
  CHECK(source->parts() == 3);
  CHECK(source->ids() == 3);
  const auto reader = source->reader();
  for (const int value : {1, 2, 3}) {
    const auto found = places(*source, {id_of_filled(value)});
    REQUIRE(found.size() == 1);
    CHECK(reads(*reader, found[0], value));
  }
  CHECK(places(*source, {id_of_filled(4)}).empty());
  const auto top = places(*source, {id_of_filled(3)}).at(0);
  CHECK(source->part_name(top.part) == images.path("top.qcow2"));
  CHECK(top.block == 3 * disk::test::kCluster / 4096);
}

TEST_CASE_FIXTURE(Fixture, "An image's tree is put together from its layers as if the image had been read") {
  add_three_layers();
  const auto source = open();
  REQUIRE(source->images().size() == 1);
  const LayerFile composed = source->compose(source->images()[0]);
  composed->verify();
  base::Progress progress;
  const auto image = disk::open_image(images.chain("top.qcow2"));
  const auto read = disk::scan(*image, {.tree_path = home.path() / "whole"}, progress);
  CHECK(composed->root() == read.tree.root);
}

TEST_CASE_FIXTURE(Fixture, "The tree of a chain is that of its image, and a shared layer is read once") {
  disk::test::make_three_layers(images);
  images.run({"qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", "other.qcow2"});
  images.qemu_io("write -P 8 64k 128k", "other.qcow2");
  settle();
  constexpr std::uint64_t cluster = disk::test::kCluster;
  const LayerTree top = catalog.tree_of(images.chain("top.qcow2"), {}, silent);
  CHECK(top.bytes_read.value == (4 + 1 + 1) * cluster);
  CHECK(top.remembered);
  const LayerTree other = catalog.tree_of(images.chain("other.qcow2"), {}, silent);
  CHECK(other.bytes_read.value == 2 * cluster);
  CHECK(catalog.tree_of(images.chain("base.raw"), {}, silent).from_catalog);
  for (const auto& [name, tree] : {std::pair("top.qcow2", &top), std::pair("other.qcow2", &other)}) {
    const auto image = disk::open_image(images.chain(name));
    CHECK(disk::scan(*image, {.tree_path = home.path() / "read"}, silent).tree == tree->summary);
    tree->tree->verify();
  }
}

TEST_CASE_FIXTURE(Fixture, "An image with clusters smaller than blocks is put together by reading what is mixed") {
  images.run({"qemu-img", "create", "-q", "-f", "raw", "small.raw", "64k"});
  images.qemu_io("write -P 1 0 64k", "small.raw", "raw");
  images.run({"qemu-img", "create", "-q", "-f", "qcow2", "-o", "cluster_size=512", "-b", "small.raw", "-F", "raw",
              "small.qcow2"});
  images.qemu_io("write -P 2 1k 512", "small.qcow2");
  images.qemu_io("write -P 3 8k 6k", "small.qcow2");
  settle();
  add("small.qcow2");
  const auto source = open();
  const auto image = disk::open_image(images.chain("small.qcow2"));
  const auto read = disk::scan(*image, {.tree_path = home.path() / "read"}, silent);
  CHECK(source->compose(source->images().at(0))->root() == read.tree.root);
}

TEST_CASE_FIXTURE(Fixture, "Realms are kept apart") {
  add_three_layers();
  CHECK(open("lab")->parts() == 0);
  CHECK(open("lab")->images().empty());
  add("base.raw", "", "lab");
  CHECK(open("lab")->parts() == 1);
  CHECK(places(*open("lab"), {id_of_filled(3)}).empty());
  CHECK(open()->parts() == 3);
}

TEST_CASE_FIXTURE(Fixture, "A layer that was written to since is not offered, and images on it neither") {
  add_three_layers();
  disk::test::patch_file(images.path("top.qcow2"), 5 * disk::test::kCluster, base::as_bytes("x"));
  const auto source = open();
  CHECK(source->parts() == 2);
  CHECK(source->images().empty());
  CHECK(places(*source, {id_of_filled(3)}).empty());
}

TEST_CASE_FIXTURE(Fixture,
                  "A layer that is changed, truncated or removed while it is read answers nothing any more") {
  disk::test::make_three_layers(images);
  settle();
  add("base.raw");
  const auto source = open();
  const Place place = places(*source, {id_of_filled(1)}).at(0);
  const fs::path file = images.path("base.raw");
  SUBCASE("changed") {
    const auto reader = source->reader();
    CHECK(reads(*reader, place, 1));
    disk::test::patch_file(file, 500000, base::as_bytes("x"));
    CHECK_FALSE(reads(*reader, place, 1));
  }
  SUBCASE("truncated") {
    const auto reader = source->reader();
    CHECK(reads(*reader, place, 1));
    fs::resize_file(file, 1000);
    CHECK_FALSE(reads(*reader, place, 1));
  }
  SUBCASE("removed before it was opened") {
    fs::remove(file);
    CHECK_FALSE(reads(*source->reader(), place, 1));
  }
  SUBCASE("replaced before it was opened") {
    fs::rename(file, images.path("aside"));
    disk::test::write_file(file, disk::test::filled(1 << 20, 1));
    CHECK_FALSE(reads(*source->reader(), place, 1));
  }
}

TEST_CASE_FIXTURE(Fixture, "A layer in use is a hint that is offered and read though it is written to") {
  disk::test::make_three_layers(images);
  settle();
  const base::File writer = base::File::open(images.path("base.raw"), O_RDWR);
  add("base.raw");
  writer.write_all(base::ByteOffset(0), disk::test::filled(4096, 9));
  const auto source = open();
  REQUIRE(source->images().size() == 1);
  CHECK(source->images()[0].hint);
  const Place place = places(*source, {id_of_filled(1)}).at(0);
  const auto reader = source->reader();
  CHECK_FALSE(reads(*reader, {place.part, 0}, 1));  // what is there now, for the caller to check
  CHECK(reads(*reader, {place.part, 0}, 9));
  CHECK(reads(*reader, {place.part, 1}, 1));
}

TEST_CASE_FIXTURE(Fixture, "A stack of layers is offered once, by its domain's name") {
  add_three_layers();
  add("top.qcow2", "web1");
  add("base.raw");
  const auto source = open();
  REQUIRE(source->images().size() == 2);
  CHECK(source->images()[0].name == images.path("base.raw"));
  CHECK(source->images()[1].name == "web1 vda");
  CHECK(source->images()[1].layers.size() == 3);
  CHECK_FALSE(source->images()[1].hint);
}

TEST_CASE_FIXTURE(Fixture, "What goes with an entry is gone for good, but for layers that another one needs") {
  add_three_layers();
  add("base.raw", "", "lab");
  EntryRecord other{.location = "/other"};
  catalog.add_entry(other);
  ImageRecord image = catalog.images().at(0);
  image.entry = key_of(other);
  image.layers.erase(image.layers.begin());
  catalog.put_image(image);
  CHECK(catalog.remove_entry(key_of(entry)));
  CHECK_FALSE(catalog.remove_entry(key_of(entry)));
  CHECK(catalog.images().size() == 2);
  CHECK(catalog.layers().size() == 3);  // middle and base, and base in the other realm
  catalog.sweep();
  CHECK(open()->parts() == 2);
  CHECK(open("lab")->parts() == 1);
}
