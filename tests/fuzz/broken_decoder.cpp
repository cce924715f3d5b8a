// A decoder with a mistake, for the proof that the replay finds mistakes and names the input.
#include <cstdint>

#include "expect.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  jaunt::fuzz::expect_only_refusals([&] {
    if (size < 4)
      throw jaunt::base::Error(jaunt::base::ErrorKind::corrupt, "decode", "an example", "it is short");
    if (data[3] != 'X')
      throw jaunt::base::Error(jaunt::base::ErrorKind::io, "decode", "an example", "a kind that must not escape");
  });
  return 0;
}
