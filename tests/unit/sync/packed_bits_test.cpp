#include "sync/packed_bits.hpp"

#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "support/seed.hpp"

using namespace jaunt;

TEST_CASE("Numbers of any width come back, the highest bit first, in as few bytes as hold them") {
  testing::for_seeds(50, [](std::mt19937_64& random) {
    std::vector<std::pair<std::uint64_t, unsigned>> numbers(random() % 40);
    sync::BitWriter writer;
    std::uint64_t total = 0;
    for (auto& [value, bits] : numbers) {
      bits = static_cast<unsigned>(random() % 65);
      value = bits == 0 ? 0 : random() >> (64 - bits);
      writer.put(value, bits);
      total += bits;
    }
    const base::Bytes bytes = writer.finish();
    REQUIRE(bytes.size() == (total + 7) / 8);
    sync::BitReader reader(bytes);
    for (const auto& [value, bits] : numbers)
      REQUIRE(reader.take(bits) == value);
  });
  sync::BitWriter writer;
  writer.put(0b101, 3);
  writer.put(0xff00f, 20);
  CHECK(base::to_hex(writer.finish()) == "bfe01e");
}

TEST_CASE("Any bits of an id are read as they were written, and the others stay") {
  testing::for_seeds(200, [](std::mt19937_64& random) {
    model::BlockId id;
    for (std::byte& byte : id.bytes)
      byte = std::byte(random());
    const auto first = static_cast<unsigned>(random() % 128);
    const auto bits = static_cast<unsigned>(random() % (std::min(64U, 128 - first) + 1));
    std::uint64_t expected = 0;
    for (unsigned i = first; i < first + bits; ++i)
      expected = expected << 1 | (std::to_integer<unsigned>(id.bytes[i / 8]) >> (7 - i % 8) & 1);
    REQUIRE(sync::id_bits(id, first, bits) == expected);
    model::BlockId other = id;
    sync::set_id_bits(other, first, bits, ~expected);
    REQUIRE((bits == 0 || other != id));
    sync::set_id_bits(other, first, bits, expected);
    REQUIRE(other == id);
  });
}
