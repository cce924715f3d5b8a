// describe::parse_apt_list and parse_apt_sources: the guest's own configuration.
#include <cstdint>

#include "describe/apt_sources.hpp"
#include "expect.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view foreign = fuzz::text(fuzz::input(data, size));
  for (const auto parse : {describe::parse_apt_list, describe::parse_apt_sources})
    fuzz::expect_only_refusals([&] {
      for (const auto& repository : parse(foreign, "file"))
        fuzz::require(!repository.uri.empty() && !repository.suite.empty(), "a source has an address and a suite");
    });
  return 0;
}
