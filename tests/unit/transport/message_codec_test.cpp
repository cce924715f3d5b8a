#include "transport/message_codec.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "support/sample_messages.hpp"

using namespace jaunt;
using base::ErrorKind;
using transport::Message;

namespace {

ErrorKind refusal_of(const Message& message) {
  try {
    transport::decode(transport::encode(message));
  } catch (const base::Error& error) {
    return error.kind();
  }
  FAIL("it was taken");
  return ErrorKind::usage;
}

transport::BlockSet one_tile(std::uint64_t tile, unsigned group, std::uint16_t mask) {
  transport::BlockSet blocks{{tile, {}}};
  blocks[0].groups[group] = mask;
  return blocks;
}

}  // namespace

TEST_CASE("A message of every kind comes back from its bytes as it was") {
  for (const Message& message : test_support::sample_messages()) {
    CAPTURE(message.body.index());
    CHECK(transport::decode(transport::encode(message)) == message);
  }
}

TEST_CASE("Messages have the bytes that the page of the protocol shows") {
  const Message question{6, transport::AskIds{0, one_tile(3, 0, 1), 0, 25}};
  CHECK(base::to_hex(transport::encode(question)) == "08065213120f0a0103120201001a020000220201002019");
  const Message answer{6, transport::Ids{*base::from_hex("5a5a5a80")}};
  CHECK(base::to_hex(transport::encode(answer)) == "08065a060a045a5a5a80");
}

TEST_CASE("Every kind of message is among the samples") {
  std::vector<bool> seen(std::variant_size_v<transport::Body>);
  for (const Message& message : test_support::sample_messages())
    seen[message.body.index()] = true;
  CHECK(std::find(seen.begin(), seen.end(), false) == seen.end());
}

TEST_CASE("A message that was cut off is refused or is another one, never more than it was") {
  for (const Message& message : test_support::sample_messages()) {
    const base::Bytes whole = transport::encode(message);
    for (std::size_t length = 0; length < whole.size(); ++length) {
      bool other = false;
      try {
        other = transport::decode(base::ByteView(whole).first(length)) != message;
      } catch (const base::Error& error) {
        other = error.kind() == ErrorKind::corrupt || error.kind() == ErrorKind::unsupported;
      }
      CHECK(other);
    }
  }
}

TEST_CASE("A message that is too long is not looked at") {
  const base::Bytes bytes(transport::kMessageBytesMax + 1);
  try {
    transport::decode(bytes);
    FAIL("it was taken");
  } catch (const base::Error& error) {
    CHECK(error.kind() == ErrorKind::limit);
  }
}

TEST_CASE("Tiles that do not ascend and sets without blocks are corrupt") {
  transport::BlockSet twice = one_tile(5, 3, 1);
  twice.push_back(twice[0]);
  CHECK(refusal_of({1, transport::AskIds{0, twice, 0, 8}}) == ErrorKind::corrupt);
  CHECK(refusal_of({1, transport::AskIds{0, one_tile(5, 3, 0), 0, 8}}) == ErrorKind::corrupt);
  CHECK(refusal_of({1, transport::AskGroups{0, {4, 4}, 0}}) == ErrorKind::corrupt);
}

TEST_CASE("More tiles, bits, levels or samples than a message may have are refused") {
  transport::BlockSet many;
  for (std::uint64_t tile = 0; tile <= transport::kTilesMax; ++tile)
    many.push_back(one_tile(tile, 3, 1)[0]);
  CHECK(refusal_of({1, transport::AskChecks{0, many, false}}) == ErrorKind::limit);
  CHECK(refusal_of({1, transport::AskIds{0, one_tile(0, 3, 1), 100, 29}}) == ErrorKind::limit);
  CHECK(refusal_of({1, transport::AskIds{0, one_tile(std::uint64_t{1} << 32, 3, 1), 0, 8}}) == ErrorKind::limit);
  CHECK(refusal_of({1, transport::AskNodes{0, {6, 0}, 3}}) == ErrorKind::limit);
  transport::Samples samples;
  for (std::uint64_t key = 0; key <= transport::kSamplesMax; ++key)
    samples.samples.push_back({key, 1});
  CHECK(refusal_of({1, samples}) == ErrorKind::limit);
}

TEST_CASE("A disk whose counts contradict one another is corrupt") {
  transport::Welcome welcome{1, {}, {{"vda", base::ByteCount(4096), {}, {}, {}, 2, 1, 1}}};
  CHECK(refusal_of({1, welcome}) == ErrorKind::corrupt);
}
