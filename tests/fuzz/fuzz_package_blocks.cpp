// codec::write_package_blocks and write_plain: a package as a mirror sends it.
#include <cstdint>

#include "base/file.hpp"
#include "codec/package_blocks.hpp"
#include "expect.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr codec::PackageBounds kBounds{.bytes_max = base::ByteCount(4 * base::kMiB),
                                         .output_max = base::ByteCount(base::kMiB),
                                         .members_max = 1000};
  for (const bool package : {true, false}) {
    const base::File in = base::unnamed_file("/tmp");
    const base::File out = base::unnamed_file("/tmp");
    in.write_all({}, fuzz::input(data, size));
    fuzz::expect_only_refusals([&] {
      if (package)
        codec::write_package_blocks(in, out, kBounds);
      else
        codec::write_plain(in, out, kBounds);
    });
    const auto written = static_cast<std::uint64_t>(out.stat().st_size);
    fuzz::require(written <= kBounds.output_max.value, "no more is written than may be");
    fuzz::require(!package || written % 4096 == 0, "a package is whole blocks");
  }
  return 0;
}
