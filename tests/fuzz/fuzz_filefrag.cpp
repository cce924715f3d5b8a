// describe::FilefragReader: what filefrag says of names that the guest chose.
#include <cstdint>

#include "describe/filefrag.hpp"
#include "expect.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view foreign = fuzz::text(fuzz::input(data, size));
  fuzz::expect_only_refusals([&] {
    describe::FilefragReader reader([](const describe::FileRuns& file) {
      for (const auto& run : file.runs)
        fuzz::require(run.length > base::ByteCount(0) && run.on_device + run.length > run.on_device,
                      "a run has bytes and does not wrap");
    });
    const std::size_t half = size / 2;
    reader.add(foreign.substr(0, half));
    reader.add(foreign.substr(half));
  });
  return 0;
}
