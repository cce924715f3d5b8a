#include <doctest/doctest.h>

#include "base/error.hpp"
#include "chunkstore/image_record.hpp"
#include "chunkstore/layer_record.hpp"

using namespace jaunt;
using namespace jaunt::chunkstore;

namespace {

LayerRecord sample_layer() {
  LayerRecord record;
  record.realm = "lab";
  record.realm_key = {std::byte{7}};
  record.format = "vmdk";
  record.virtual_size = base::ByteCount(1 << 20);
  record.files = {{"/a/disk.vmdk", {1, 2, 3, -4, 5}}, {"/b\xff", {}}, {"/c", {}}};
  record.data_file = true;
  record.backing = disk::BackingName{.name = "base.img", .format = "raw"};
  record.bitmaps = {"one", ""};
  record.tree = "0123.tree";
  record.root = {std::byte{9}};
  record.ids = 17;
  record.nonzero_blocks = 20;
  record.hint = true;
  record.scanned_at = 9;
  return record;
}

EntryRecord sample_entry() {
  return {.realm = "lab",
          .kind = EntryKind::folder,
          .location = "/images",
          .format = "raw",
          .excluded = {"/images/secret.img", ""},
          .added_at = 5,
          .rescanned_at = -6,
          .problems = {"one"}};
}

ImageRecord sample_image() {
  return {.realm = "lab",
          .entry = key_of(sample_entry()),
          .path = "/images/a.qcow2",
          .domain = "web1",
          .target = "vda",
          .snapshot = "before",
          .size = base::ByteCount(123),
          .layers = {{std::byte{1}}, {std::byte{2}}}};
}

// Whole, it comes back; cut off anywhere, or with something behind it, it is refused.
template <typename Record>
void check_codec(const Record& record, Record (*decode)(base::ByteView)) {
  base::Bytes bytes = encode(record);
  CHECK(decode(bytes) == record);
  for (std::size_t length = 0; length < bytes.size(); ++length)
    CHECK_THROWS_AS(decode(base::ByteView(bytes).first(length)), base::Error);
  bytes.push_back(std::byte{0});
  CHECK_THROWS_AS(decode(bytes), base::Error);
}

}  // namespace

TEST_CASE("Records survive their encoding, and a cut one is refused") {
  check_codec(sample_layer(), decode_layer_record);
  check_codec(sample_entry(), decode_entry_record);
  check_codec(sample_image(), decode_image_record);
}

TEST_CASE("A layer's record that names no file, or a tree outside of the catalog's folder, is refused") {
  LayerRecord record = sample_layer();
  record.files.resize(1);  // of which one should be the data file
  CHECK_THROWS_AS(decode_layer_record(encode(record)), base::Error);
  record = sample_layer();
  for (const char* name : {"", ".", "../x", "a/b"}) {
    record.tree = name;
    CHECK_THROWS_AS(decode_layer_record(encode(record)), base::Error);
  }
}

TEST_CASE("A layer's record opens the layer again, its extents and data file in their places") {
  const disk::Chain chain = chain_of({sample_layer()});
  CHECK(chain.top().path == "/a/disk.vmdk");
  CHECK(chain.top().identity.size == 3);
  REQUIRE(chain.parts[0].extents.size() == 1);
  CHECK(chain.parts[0].extents[0].path == "/b\xff");
  CHECK(chain.parts[0].data_file->path == "/c");
}

TEST_CASE("The same file is another layer in another realm or format") {
  const LayerKey key = layer_key("default", "/a", "raw");
  CHECK(key == layer_key("default", "/a", "raw"));
  CHECK(key != layer_key("lab", "/a", "raw"));
  CHECK(key != layer_key("default", "/a", "qcow2"));
  CHECK(key != layer_key("default", "/b", "raw"));
  CHECK(layer_key("ab", "/a", "c") != layer_key("a", "/a", "bc"));
}
