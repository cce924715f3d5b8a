// hypervisor's parsers of capabilities and of what a definition asks of a host: definitions come from other nodes.
#include <cstdint>

#include "expect.hpp"
#include "hypervisor/ability_xml.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text(fuzz::input(data, size));
  model::HostAbility host;
  model::GuestAbility guest;
  fuzz::expect_only_refusals([&] { hypervisor::parse_demands(text); });
  fuzz::expect_only_refusals([&] { hypervisor::parse_capabilities(text, host); });
  fuzz::expect_only_refusals([&] { hypervisor::parse_domain_capabilities(text, guest); });
  return 0;
}
