// base::printable and base::parse_bytes: text that guests, peers and people choose.
#include <algorithm>
#include <cstdint>

#include "base/text.hpp"
#include "expect.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view foreign = fuzz::text(fuzz::input(data, size));

  const std::string safe = base::printable(foreign);
  const auto steers = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  fuzz::require(std::none_of(safe.begin(), safe.end(), steers), "printable text has no control characters");
  fuzz::require(safe.size() >= size && safe.size() <= 4 * size, "a byte becomes at most four");
  fuzz::require(base::printable(safe) == safe, "printable text stays as it is");

  if (const auto bytes = base::parse_bytes(foreign))
    fuzz::require(!base::human_bytes(*bytes).empty(), "a size that was read can be shown");
  return 0;
}
