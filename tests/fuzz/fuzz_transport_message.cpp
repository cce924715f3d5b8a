// transport::decode. What it takes is encoded and decoded again to the same message.
#include "expect.hpp"
#include "transport/message_codec.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::expect_only_refusals([&] {
    const transport::Message message = transport::decode(fuzz::input(data, size));
    fuzz::require(transport::decode(transport::encode(message)) == message, "a message is itself after a journey");
  });
  return 0;
}
