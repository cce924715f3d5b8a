// model::decode_run_list: the runs of kept plans. The seal is made right, so that what lies behind it is reached.
#include <cstdint>

#include "base/hash.hpp"
#include "expect.hpp"
#include "model/run_list.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::ByteView given = fuzz::input(data, size);
  base::Bytes sealed(given.begin(), given.end());
  const base::Hash32 seal = base::sha256(sealed);
  sealed.insert(sealed.end(), seal.begin(), seal.end());
  for (const base::ByteView bytes : {given, base::ByteView(sealed)})
    fuzz::expect_only_refusals([&] {
      const model::RunList list = model::decode_run_list(bytes);
      fuzz::require(model::decode_run_list(model::encode(list)) == list, "what was read is written and read again");
    });
  return 0;
}
