#include "transport/greeting.hpp"

#include <doctest/doctest.h>

#include "support/failure.hpp"
#include "transport/piece.hpp"

using namespace jaunt;
using namespace jaunt::transport;
using base::ErrorKind;
using test_support::kind_of_failure;

namespace {

Greeting sample() {
  Greeting greeting{.version = kLinkVersion,
                    .link = {},
                    .credit = 25'165'824,
                    .receive_max = base::ByteCount(2'500'000),
                    .features = {"a", "bc"}};
  greeting.link[15] = std::byte{9};
  return greeting;
}

}  // namespace

TEST_CASE("A greeting and an introduction come back from their bytes, and nothing shorter or longer does") {
  const base::Bytes greeting = encode(sample());
  CHECK(decode_greeting(greeting) == sample());
  Introduction introduction{.version = kLinkVersion, .name = "host-a", .port = 5286, .proof = {}};
  introduction.proof[0] = std::byte{1};
  const base::Bytes introduced = encode(introduction);
  CHECK(decode_introduction(introduced) == introduction);
  for (std::size_t length = 0; length < greeting.size(); ++length)
    CHECK(kind_of_failure([&] { decode_greeting(base::ByteView(greeting).first(length)); }) == ErrorKind::corrupt);
  for (std::size_t length = 0; length < introduced.size(); ++length)
    CHECK(kind_of_failure([&] { decode_introduction(base::ByteView(introduced).first(length)); }) ==
          ErrorKind::corrupt);
  base::Bytes longer = greeting;
  longer.push_back(std::byte{0});
  CHECK(kind_of_failure([&] { decode_greeting(longer); }) == ErrorKind::corrupt);
}

TEST_CASE("Another version is refused before anything else of it is read") {
  base::Bytes bytes;
  base::append_le(bytes, static_cast<std::uint16_t>(kLinkVersion + 1));
  CHECK(kind_of_failure([&] { decode_greeting(bytes); }) == ErrorKind::unsupported);
  CHECK(kind_of_failure([&] { decode_introduction(bytes); }) == ErrorKind::unsupported);
}

TEST_CASE("A greeting has the bytes that the page of the protocol shows") {
  base::Bytes piece;
  append_piece(piece, PieceKind::hello, encode(sample()));
  CHECK(base::to_hex(piece) ==
        "01290000"
        "0100"
        "00000000000000000000000000000009"
        "0000800100000000"
        "a025260000000000"
        "0200"
        "0161"
        "026263");
}

TEST_CASE("A refusal carries its kind and its cause, made harmless") {
  const base::Error why(ErrorKind::busy, "make", "a link", "too many\x1b[31m");
  const base::Error told = decode_refusal(encode_refusal(why));
  CHECK(told.kind() == ErrorKind::busy);
  CHECK(told.cause() == "it says: too many\\x1b[31m");
  CHECK(kind_of_failure([] { decode_refusal({}); }) == ErrorKind::corrupt);
  const base::Bytes unknown{std::byte{200}};
  CHECK(kind_of_failure([&] { decode_refusal(unknown); }) == ErrorKind::corrupt);
}

TEST_CASE("Pieces are found in bytes that come one by one, and broken ones end the reading") {
  base::Bytes bytes;
  append_piece(bytes, PieceKind::ping, 7);
  append_piece(bytes, PieceKind::end, base::Bytes(4));
  PieceReader reader;
  std::vector<PieceKind> kinds;
  for (const std::byte b : bytes) {
    reader.add(base::ByteView(&b, 1));
    while (const auto piece = reader.next())
      kinds.push_back(piece->kind);
  }
  CHECK(kinds == std::vector{PieceKind::ping, PieceKind::end});
  const auto kind_of = [](const char* hex) {
    return kind_of_failure([&] {
      PieceReader fresh;
      fresh.add(*base::from_hex(hex));
      fresh.next();
    });
  };
  CHECK(kind_of("63000000") == ErrorKind::corrupt);
  CHECK(kind_of("00000000") == ErrorKind::corrupt);
  CHECK(kind_of("03ffffff") == ErrorKind::limit);
  CHECK(kind_of("01012000") == ErrorKind::limit);
}
