#include "identity/invite_token.hpp"

#include <doctest/doctest.h>

#include "support/failure.hpp"

using namespace jaunt;
using namespace jaunt::identity;
using base::ErrorKind;
using test_support::kind_of_failure;

namespace {

InviteToken sample() {
  InviteToken token;
  for (std::size_t i = 0; i < token.node.bytes.size(); ++i) {
    token.node.bytes[i] = std::byte(i);
    token.secret[i] = std::byte(0xF0 + i);
  }
  return token;
}

}  // namespace

TEST_CASE("A token is one short word and comes back from it") {
  const std::string text = to_text(sample());
  CHECK(text.size() == 66);
  CHECK(text == "jaunt-aeaacaqdaqcqmbyibefawdanbyh7b4ps6p2pl5xx7d47v6747x7p6t4wd64q");
  CHECK(parse_invite_token(text) == sample());
}

TEST_CASE("Capitals and blanks that pasting brings do no harm") {
  std::string text = to_text(sample());
  for (char& c : text)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  text.insert(40, "\n  ");
  CHECK(parse_invite_token("  " + text + "\r\n") == sample());
}

TEST_CASE("Every mistyped letter and every missing one is noticed") {
  const std::string text = to_text(sample());
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string mistyped = text;
    mistyped[i] = mistyped[i] == 'q' ? 'r' : 'q';
    CHECK(kind_of_failure([&] { parse_invite_token(mistyped); }) == ErrorKind::corrupt);
    CHECK(kind_of_failure([&] { parse_invite_token(text.substr(0, i)); }) == ErrorKind::corrupt);
  }
  CHECK(kind_of_failure([&] { parse_invite_token(std::string(5000, 'a')); }) == ErrorKind::limit);
}
