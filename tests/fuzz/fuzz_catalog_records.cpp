// The catalog's records, and what follows a layer's tree: a database and files that may be torn or another's. The
// first byte says which.
#include <cstdint>

#include "chunkstore/image_record.hpp"
#include "chunkstore/layer_file.hpp"
#include "chunkstore/layer_record.hpp"
#include "expect.hpp"

using namespace jaunt;

namespace {

// What is taken can be written, and is the same again.
template <typename Record>
void check(base::ByteView bytes, Record (*decode)(base::ByteView)) {
  const Record record = decode(bytes);
  fuzz::require(decode(encode(record)) == record, "a record that was read survives its writing");
}

void check_layer(base::ByteView bytes) {
  check(bytes, chunkstore::decode_layer_record);
  const auto record = chunkstore::decode_layer_record(bytes);
  fuzz::require(chunkstore::chain_of({record}).layers.size() == 1, "a record opens its layer");
  fuzz::require(record.tree.find('/') == std::string::npos, "a tree lies in the catalog's folder");
}

void check_held(base::ByteView bytes) {
  const base::ByteCount size(1 << 20);
  const model::ExtentSet held = chunkstore::decode_held(bytes, size, "fuzz");
  fuzz::require(held.empty() || held.extents().back().end().value <= size.value,
                "a layer holds nothing beyond its end");
  fuzz::require(held.total() <= size, "a layer holds nothing twice");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const base::ByteView bytes = fuzz::input(data, size).subspan(1);
  fuzz::expect_only_refusals([&] {
    switch (data[0] % 4) {
      case 0:
        return check_layer(bytes);
      case 1:
        return check(bytes, chunkstore::decode_entry_record);
      case 2:
        return check(bytes, chunkstore::decode_image_record);
      default:
        return check_held(bytes);
    }
  });
  return 0;
}
