// describe::parse_probes: what blkid says of bytes that the guest chose.
#include <cstdint>

#include "describe/probe.hpp"
#include "expect.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view foreign = fuzz::text(fuzz::input(data, size));
  fuzz::expect_only_refusals([&] { describe::parse_probes(foreign); });
  return 0;
}
