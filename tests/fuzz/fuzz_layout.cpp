// describe::Layout: how the guest cut its drives.
#include <cstdint>

#include "describe/layout.hpp"
#include "expect.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view foreign = fuzz::text(fuzz::input(data, size));
  fuzz::expect_only_refusals([&] {
    const auto layout = describe::Layout::parse(foreign);
    for (const auto& device : layout.devices()) {
      base::ByteCount covered;
      for (const auto& segment : device.segments) {
        fuzz::require(segment.in_device == base::ByteOffset(covered.value), "segments follow one another");
        covered += segment.on_disk.length;
      }
      fuzz::require(device.segments.empty() || covered == device.size, "a device is mapped whole or not at all");
      layout.alone(device);
      layout.ancestors(device);
    }
  });
  return 0;
}
