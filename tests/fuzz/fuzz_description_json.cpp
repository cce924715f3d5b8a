// model::description_from_json: descriptions that peers and caches hand to us.
#include <cstdint>

#include "expect.hpp"
#include "model/description_json.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text(fuzz::input(data, size));
  fuzz::expect_only_refusals([&] {
    const model::Description description = model::description_from_json(text);
    const std::string written = model::to_json(description);
    fuzz::require(model::description_from_json(written) == description, "what was read is written and read again");
  });
  return 0;
}
