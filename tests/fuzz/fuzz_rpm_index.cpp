// mirror::read_repomd and read_rpm_index: the metadata of a dnf repository.
#include <cstdint>

#include "expect.hpp"
#include "mirror/deb_index.hpp"
#include "mirror/rpm_index.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view foreign = fuzz::text(fuzz::input(data, size));
  fuzz::expect_only_refusals([&] {
    if (const auto primary = mirror::read_repomd(foreign))
      fuzz::require(mirror::is_safe_path(primary->path), "an index lies in its repository");
  });
  mirror::WantedPackages wanted({{.name = "bash", .version = "5.2-1", .arch = "x86_64"}});
  fuzz::expect_only_refusals([&] {
    mirror::read_rpm_index(foreign, "http://mirror.example.org/", wanted);
    for (const mirror::Offered& offered : wanted.found())
      fuzz::require(offered.url.starts_with("http://mirror.example.org/"), "a package lies in its repository");
  });
  return 0;
}
