// codec::cpio_parts: where files lie in an archive of a guest.
#include <cstdint>

#include <sys/mman.h>

#include "codec/cpio.hpp"
#include "expect.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::ByteView foreign = fuzz::input(data, size);
  const base::File file(base::Fd(::memfd_create("cpio", MFD_CLOEXEC)), "the archive");
  file.write_all({}, foreign);
  fuzz::expect_only_refusals([&] {
    std::uint64_t at = 0;
    const codec::CpioParts parts = codec::cpio_parts(file, {}, base::ByteOffset(size));
    for (const codec::CpioMember& member : parts.members) {
      fuzz::require(member.content.value >= at && member.size.value > 0, "members ascend and have content");
      at = member.content.value + member.size.value;
    }
    fuzz::require(at <= parts.end.value && parts.end.value <= size, "an archive lies within its file");
  });
  return 0;
}
