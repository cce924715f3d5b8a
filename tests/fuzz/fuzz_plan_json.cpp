// model::plan_from_json: plans that were kept.
#include <cstdint>

#include "expect.hpp"
#include "model/plan_json.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text(fuzz::input(data, size));
  fuzz::expect_only_refusals([&] {
    const model::Plan plan = model::plan_from_json(text);
    fuzz::require(model::plan_from_json(model::to_json(plan)) == plan, "what was read is written and read again");
  });
  return 0;
}
