// codec::apply_delta and delta_of. The input is a byte, whose lowest bit says which, the others how much should come
// out, then a delta or a signature.
#include "codec/delta.hpp"
#include "expect.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::ByteView input = fuzz::input(data, size);
  if (input.empty())
    return 0;
  const auto head = std::to_integer<std::size_t>(input[0]);
  base::Bytes content(head / 2 * 256);
  for (std::size_t i = 0; i < content.size(); ++i)
    content[i] = static_cast<std::byte>(i * i >> 7);
  fuzz::expect_only_refusals([&] {
    if (head % 2 != 0)
      codec::delta_of(input.subspan(1), content);
    else
      codec::apply_delta(base::Bytes(5000, std::byte{7}), input.subspan(1), content);
  });
  return 0;
}
