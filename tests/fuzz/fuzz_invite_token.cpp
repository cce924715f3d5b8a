// The text of an invitation, as somebody pastes it.
#include "expect.hpp"
#include "identity/invite_token.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::expect_only_refusals([&] {
    const auto token = identity::parse_invite_token(fuzz::text(fuzz::input(data, size)));
    fuzz::require(identity::parse_invite_token(to_text(token)) == token, "a token comes back from its text");
  });
  return 0;
}
