// What a layer holds, of docs/format.md, byte for byte.
#include <doctest/doctest.h>

#include "chunkstore/layer_file.hpp"
#include "support/format_page.hpp"

using namespace jaunt;

TEST_CASE("The example of what a layer holds is read, and written byte for byte as it is committed") {
  model::ExtentSet held;
  held.insert({base::ByteOffset(65536), base::ByteCount(65536)});
  held.insert({base::ByteOffset(196608), base::ByteCount(4608)});
  const base::MappedFile golden(JAUNT_GOLDEN_FOLDER "/layer/example-v1.held");
  CHECK(chunkstore::decode_held(golden.bytes(), base::ByteCount(base::kMiB), "example") == held);
  CHECK(base::to_hex(chunkstore::encode_held(held)) == base::to_hex(golden.bytes()));
}

TEST_CASE("The bytes that docs/format.md shows of what a layer holds are those of the example's file") {
  testing::check_example(JAUNT_FORMAT_PAGE, "The catalog", JAUNT_GOLDEN_FOLDER "/layer/example-v1.held", 5);
}
