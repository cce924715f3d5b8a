// describe's readers of xfs_db: superblock, groups and free list, with NUL between.
#include <algorithm>
#include <cstdint>

#include "describe/splitting.hpp"
#include "describe/xfs_report.hpp"
#include "expect.hpp"

using namespace jaunt;

namespace {

std::string_view trim_nul(std::string_view line) {
  return line.substr(line.starts_with('\0') ? 1 : 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view foreign = fuzz::text(fuzz::input(data, size));
  fuzz::expect_only_refusals([&] {
    const auto first = std::min(foreign.find('\0'), foreign.size());
    const auto second = std::min(foreign.find('\0', first + 1), foreign.size());
    const auto superblock = describe::XfsSuperblock::parse(foreign.substr(0, first));
    describe::xfs_log_clean(foreign);
    const auto groups = describe::parse_xfs_groups(trim_nul(foreign.substr(first, second - first)), superblock);
    describe::XfsFreeReader reader(superblock, groups);
    for (const auto line : describe::lines(foreign.substr(second)))
      reader.line(trim_nul(line));
    const auto free = reader.finish();
    fuzz::require(free.empty() || free.extents().back().end() <= base::ByteOffset(superblock.size().value),
                  "free space lies inside");
  });
  return 0;
}
