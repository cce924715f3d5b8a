// engine::understood_packages: what another node says is installed in its machine.
#include <cstdint>

#include "engine/package_list.hpp"
#include "expect.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::ByteView foreign = fuzz::input(data, size);
  if (foreign.size() < 4)
    return 0;
  const transport::Packages told{.list = {foreign.begin() + 4, foreign.end()},
                                 .bytes = base::load_le<std::uint32_t>(foreign) % (4 * base::kMiB)};
  fuzz::expect_only_refusals([&] {
    for (const model::Package& package : engine::understood_packages(told))
      fuzz::require(!package.name.empty() && !package.version.empty() && !package.arch.empty(),
                    "a package has a name, a version and an architecture");
  });
  return 0;
}
