// What a node says before it is known to be one: greetings, introductions and refusals; the first byte chooses.
#include "expect.hpp"
#include "transport/greeting.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const base::ByteView body = fuzz::input(data, size).subspan(1);
  fuzz::expect_only_refusals([&] {
    if (data[0] % 3 == 0) {
      const auto greeting = transport::decode_greeting(body);
      fuzz::require(std::ranges::equal(transport::encode(greeting), body), "a greeting has one form only");
    } else if (data[0] % 3 == 1) {
      const auto introduction = transport::decode_introduction(body);
      fuzz::require(std::ranges::equal(transport::encode(introduction), body), "an introduction has one form only");
    } else {
      const base::Error refusal = transport::decode_refusal(body);
      fuzz::require(base::printable(refusal.cause()) == refusal.cause(), "a refusal's cause is harmless");
    }
  });
  return 0;
}
