// describe::ExtReportReader: what dumpe2fs says of a filesystem that the guest chose.
#include <cstdint>

#include "describe/ext_report.hpp"
#include "describe/splitting.hpp"
#include "expect.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view foreign = fuzz::text(fuzz::input(data, size));
  fuzz::expect_only_refusals([&] {
    describe::ExtReportReader reader;
    const auto journal = foreign.find('\0');
    for (const auto line : describe::lines(foreign.substr(0, journal)))
      reader.line(line);
    const auto space = reader.finish(journal == std::string_view::npos ? "" : foreign.substr(journal + 1));
    fuzz::require(space.elidable.empty() || space.state == model::FilesystemState::clean, "only a clean one gives");
    fuzz::require(
        space.elidable.empty() || space.elidable.extents().back().end() <= base::ByteOffset(space.size.value),
        "free space lies inside");
  });
  return 0;
}
