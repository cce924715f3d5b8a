// describe::parse_yum_repo: the guest's own configuration.
#include <cstdint>

#include "describe/yum_repo.hpp"
#include "expect.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view foreign = fuzz::text(fuzz::input(data, size));
  fuzz::expect_only_refusals([&] {
    for (const auto& repository : describe::parse_yum_repo(foreign, "file"))
      fuzz::require(!repository.uri.empty() && !repository.suite.empty(), "a repository has an address and an id");
  });
  return 0;
}
