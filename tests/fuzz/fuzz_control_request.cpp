// What somebody who may reach the daemon's socket asks of it.
#include "engine/control_request.hpp"
#include "expect.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::expect_only_refusals([&] {
    const auto asked = engine::control_request_from_json(std::string(fuzz::text(fuzz::input(data, size))));
    const auto again = engine::control_request_from_json(to_json(asked));
    fuzz::require(again.does == asked.does && again.job == asked.job, "a request comes back from its text");
  });
  return 0;
}
