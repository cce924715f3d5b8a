// The head of an unpacked archive of docs/format.md, byte for byte.
#include <doctest/doctest.h>

#include "codec/unpacked_format.hpp"
#include "support/format_page.hpp"

using namespace jaunt;

TEST_CASE("The example's head is read, and written byte for byte as it is committed") {
  const base::MappedFile golden(JAUNT_GOLDEN_FOLDER "/archive/head-v1");
  const codec::UnpackedHead head = codec::decode_unpacked_head(golden.bytes());
  CHECK(head.packed == base::ByteCount(36));
  REQUIRE(head.sections.size() == 2);
  CHECK(head.sections[0].encoder.empty());
  CHECK(head.sections[0].pieces == std::vector<codec::UnpackedPiece>{{112, 8192}, {124, 0}});
  CHECK(head.sections[1].encoder == "gzip -6");
  CHECK(head.sections[1].head.size() == 12);
  CHECK(head.sections[1].plain_bytes() == 120 + 5000 + 300 + 124);
  CHECK(base::to_hex(codec::encode(head)) == base::to_hex(golden.bytes()));
}

TEST_CASE("The bytes that docs/format.md shows of an unpacked archive are those of the example's file") {
  testing::check_example(JAUNT_FORMAT_PAGE, "An unpacked archive", JAUNT_GOLDEN_FOLDER "/archive/head-v1", 9);
}
