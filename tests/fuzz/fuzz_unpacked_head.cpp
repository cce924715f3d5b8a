// codec::decode_unpacked_head: what another node says of an archive that it has taken apart.
#include <cstdint>

#include "codec/unpacked_format.hpp"
#include "expect.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::ByteView foreign = fuzz::input(data, size);
  fuzz::expect_only_refusals([&] {
    const codec::UnpackedHead head = codec::decode_unpacked_head(foreign);
    std::uint64_t plain = 0;
    for (const codec::UnpackedSection& section : head.sections)
      plain += section.plain_bytes();
    fuzz::require(plain <= codec::kPlainBytesMax, "what an archive holds is bounded");
    fuzz::require(codec::decode_unpacked_head(codec::encode(head)) == head, "a head is written as it was read");
  });
  return 0;
}
