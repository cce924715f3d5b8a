// codec::StreamDecompressor. The input is pieces, each behind two bytes of how much it is to hold, in units of 16
// bytes, and two of its length.
#include "codec/zstd_stream.hpp"
#include "conversation.hpp"
#include "expect.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(fuzz::input(data, size));
  fuzz::expect_only_refusals([&] {
    codec::StreamDecompressor stream(codec::kWindowBitsMin, base::Bytes(input.number(1) * 64, std::byte{7}));
    while (!input.empty()) {
      base::Bytes into(16 * input.number(2));
      stream.read(input.take(input.number(2)), into);
    }
  });
  return 0;
}
