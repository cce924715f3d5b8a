// disk's search for the files that a VMDK names: it must see every extent that QEMU's own scanner sees.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

#include "disk/vmdk_descriptor.hpp"
#include "expect.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::text(fuzz::input(data, size)));
  fuzz::expect_only_refusals([&] {
    const auto names = disk::vmdk_extents(text);
    // Lines as QEMU's block/vmdk.c scans them.
    for (const char* line = text.c_str(); line != nullptr && *line != '\0'; line = std::strchr(line, '\n')) {
      line += *line == '\n' ? 1 : 0;
      char access[11];
      char type[11];
      char name[513];
      long long sectors = 0;
      long long offset = 0;
      const int matches =
          std::sscanf(line, "%10s %lld %10s \"%512[^\n\r\"]\" %lld", access, &sectors, type, name, &offset);
      if (matches >= 4 && std::strcmp(access, "RW") == 0)
        fuzz::require(std::find_if(names.begin(), names.end(),
                                   [&](const std::string& seen) {
                                     return seen.starts_with(std::string_view(name));
                                   }) != names.end(),
                      "every extent that QEMU opens is vetted");
    }
  });
  return 0;
}
