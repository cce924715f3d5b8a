// mirror::read_deb_index: what a mirror says of its packages.
#include <cstdint>

#include "expect.hpp"
#include "mirror/deb_index.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view foreign = fuzz::text(fuzz::input(data, size));
  mirror::WantedPackages wanted({{.name = "bash", .version = "5.2-1", .arch = "amd64"},
                                 {.name = "nginx", .version = "1:2", .arch = "all"}});
  fuzz::expect_only_refusals([&] {
    mirror::read_deb_index(foreign, "http://mirror.example.org/", wanted);
    for (const mirror::Offered& offered : wanted.found()) {
      fuzz::require(offered.url.starts_with("http://mirror.example.org/"), "a package lies in its repository");
      fuzz::require(offered.url.find("/../") == std::string::npos, "no path leads out of a repository");
      fuzz::require(offered.size.value > 0, "a package has a size");
    }
    fuzz::require(wanted.found().size() <= 2, "nothing is found that nobody looks for");
  });
  return 0;
}
