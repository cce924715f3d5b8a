// mirror::read_apt_settings: what apt-config prints.
#include <cstdint>

#include "expect.hpp"
#include "mirror/apt_settings.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::expect_only_refusals([&] {
    const mirror::Proxies proxies = mirror::read_apt_settings(fuzz::text(fuzz::input(data, size)));
    const std::string proxy = proxies.of("http://mirror.example.org/debian");
    fuzz::require(proxy.empty() || proxy == "DIRECT" || proxy.find("://") != std::string::npos, "a proxy is a URL");
  });
  return 0;
}
