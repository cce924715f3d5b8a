#include "codec/delta.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <random>

#include "base/error.hpp"

using namespace jaunt;
using namespace jaunt::codec;

namespace {

base::Bytes noise(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  base::Bytes bytes(size);
  std::ranges::generate(bytes, [&] { return static_cast<std::byte>(random()); });
  return bytes;
}

base::Bytes joined(base::ByteView one, base::ByteView two) {
  base::Bytes all(one.begin(), one.end());
  all.insert(all.end(), two.begin(), two.end());
  return all;
}

base::Bytes made_again(const base::Bytes& former, const base::Bytes& content) {
  const base::Bytes delta = delta_of(signature_of(former), content);
  base::Bytes made(content.size());
  apply_delta(former, delta, made);
  return made;
}

base::ErrorKind refused(const base::Bytes& former, const base::Bytes& delta, std::size_t size) {
  base::Bytes made(size);
  try {
    apply_delta(former, delta, made);
  } catch (const base::Error& error) {
    return error.kind();
  }
  return base::ErrorKind::usage;
}

}  // namespace

TEST_CASE("What has changed little is little") {
  const base::Bytes former = noise(1 << 20, 1);
  base::Bytes content = former;
  for (std::size_t page = 0; page < content.size(); page += 16384)
    content[page + 20] ^= std::byte{1};
  const base::Bytes signature = signature_of(former);
  CHECK(signature.size() <= former.size() / 30);
  CHECK(delta_of(signature, content).size() < content.size() / 40);
  CHECK(made_again(former, content) == content);
}

TEST_CASE("What has moved is found") {
  const base::Bytes former = noise(100'000, 2);
  const base::Bytes content = joined(noise(777, 3), former);
  CHECK(delta_of(signature_of(former), content).size() < 2000);
  CHECK(made_again(former, content) == content);
}

TEST_CASE("Any two versions") {
  std::mt19937_64 random(4);
  for (const std::size_t size : {0UL, 1UL, 255UL, 256UL, 257UL, 4096UL, kDeltaContentMax})
    for (const std::size_t other : {std::size_t{0}, std::size_t{300}, kDeltaContentMax}) {
      CAPTURE(size);
      CAPTURE(other);
      const base::Bytes former = noise(other, random());
      const base::Bytes content = noise(size, random());
      CHECK(made_again(former, content) == content);
    }
  CHECK(made_again(base::Bytes(kDeltaContentMax), base::Bytes(kDeltaContentMax)) == base::Bytes(kDeltaContentMax));
}

TEST_CASE("A delta that does not make what it should is refused") {
  const base::Bytes former = noise(8192, 5);
  const base::Bytes delta = delta_of(signature_of(former), former);
  CHECK(refused(former, delta, 8191) == base::ErrorKind::corrupt);
  CHECK(refused(former, delta, 8193) == base::ErrorKind::corrupt);
  CHECK(refused(base::Bytes(100), delta, 8192) == base::ErrorKind::corrupt);
  CHECK(refused(former, {}, 8192) == base::ErrorKind::corrupt);
  CHECK(refused(former, noise(100, 6), 8192) == base::ErrorKind::corrupt);
}

TEST_CASE("A signature of anything makes a delta or is refused") {
  const base::Bytes content = noise(50'000, 7);
  for (const std::size_t size : {0UL, 1UL, 7UL, 8UL, 800UL, kSignatureMax}) {
    CAPTURE(size);
    std::optional<std::size_t> made;
    try {
      made = delta_of(noise(size, size), content).size();
    } catch (const base::Error& error) {
      CHECK(error.kind() == base::ErrorKind::corrupt);
    }
    CHECK(made.value_or(content.size()) >= content.size());
  }
  CHECK_THROWS_AS(delta_of(base::Bytes(kSignatureMax + 1), content), base::Error);
  CHECK_THROWS_AS(delta_of({}, base::Bytes(kDeltaContentMax + 1)), base::Error);
  CHECK_THROWS_AS(signature_of(base::Bytes(kDeltaContentMax + 1)), base::Error);
}
