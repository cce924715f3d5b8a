// describe::parse_dpkg_status: the guest's own package database.
#include <cstdint>

#include "describe/dpkg_status.hpp"
#include "expect.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view foreign = fuzz::text(fuzz::input(data, size));
  fuzz::expect_only_refusals([&] {
    for (const auto& package : describe::parse_dpkg_status(foreign).packages)
      fuzz::require(!package.name.empty(), "a package has a name");
  });
  return 0;
}
