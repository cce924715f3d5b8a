// disk's reader of `qemu-img info`: its numbers and names come from an image's header.
#include <cstdint>

#include "disk/chain.hpp"
#include "disk/image_info.hpp"
#include "expect.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text(fuzz::input(data, size));
  fuzz::expect_only_refusals([&] {
    const disk::ImageInfo info = disk::parse_image_info(text);
    fuzz::require(info.virtual_size <= disk::kVirtualSizeMax, "a size is bounded");
    for (const auto& name : {info.backing, info.backing_format, info.data_file})
      fuzz::require(!name || name->find('\0') == std::string::npos, "a name ends where C thinks it ends");
  });
  return 0;
}
