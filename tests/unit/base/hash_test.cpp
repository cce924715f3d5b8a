#include "base/hash.hpp"

#include <doctest/doctest.h>

#include "base/sha256_two.hpp"

using namespace jaunt::base;

TEST_CASE("SHA-256 gives the published values") {
  CHECK(to_hex(sha256(as_bytes("abc"))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(sha256({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("A hasher can be fed in parts and used again") {
  Sha256 hasher;
  const Hash32 whole = hasher.of(as_bytes("abc"));
  CHECK(hasher.update(as_bytes("a")).update(as_bytes("bc")).finish() == whole);
  CHECK(hasher.update(as_bytes("abc")).finish() == whole);
}

TEST_CASE("A whole message drops what was not finished before") {
  Sha256 hasher;
  hasher.update(as_bytes("left over"));
  CHECK(hasher.of(as_bytes("abc")) == sha256(as_bytes("abc")));
}

TEST_CASE("Two messages at once have the hashes that each has by itself, whatever their length") {
  Bytes bytes(2 * 4300);
  std::uint32_t value = 1;
  for (std::byte& b : bytes) {
    value = value * 1664525 + 1013904223;
    b = static_cast<std::byte>(value >> 24);
  }
  Sha256 hasher;
  for (const std::size_t length : {0, 1, 55, 56, 63, 64, 65, 119, 120, 127, 128, 4095, 4096, 4097, 4128, 4300}) {
    CAPTURE(length);
    const ByteView first = ByteView(bytes).first(length);
    const ByteView second = ByteView(bytes).last(length);
    const std::array expected{sha256(first), sha256(second)};
    CHECK(hasher.of_two(first, second) == expected);
    if (const auto hashes = sha256_two(first, second))
      CHECK(*hashes == expected);
  }
}
