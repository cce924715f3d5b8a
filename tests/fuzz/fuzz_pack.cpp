// The pack's decoders on any bytes: headers and groups are refused or hold what they say.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "chunkstore/pack_format.hpp"
#include "chunkstore/pack_reader.hpp"
#include "expect.hpp"

using namespace jaunt;
namespace format = chunkstore::pack_format;

namespace {

void read_header(base::ByteView bytes) {
  fuzz::expect_only_refusals([&] {
    const auto header = format::decode_header(bytes);
    fuzz::require(header.realm.size() <= format::kRealmNameBytesMax, "a realm's name has at most 48 bytes");
    // Only what follows the name's first zero may differ.
    fuzz::require(format::decode_header(format::encode(header)) == header, "a header is written as it was read");
  });
}

void read_group(base::ByteView bytes, bool check_sum) {
  fuzz::expect_only_refusals([&] {
    const auto group = format::parse_group(bytes);
    fuzz::require(group.bytes <= bytes.size() && group.bytes <= format::kGroupBytesMax, "a group lies in its bytes");
    if (check_sum)
      format::check_sum(bytes, group);
    codec::FrameDecompressor decompressor;
    base::Bytes buffer;
    const auto blocks = chunkstore::content_of(group, decompressor, buffer);
    fuzz::require(blocks.size() == group.ids.size() * model::kBlockBytes, "there is a block for each id");
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::ByteView input = fuzz::input(data, size);
  read_header(input);
  read_group(input, true);
  read_group(input, false);
  if (input.size() > format::kHeaderBytes) {
    read_group(input.subspan(format::kHeaderBytes), true);
    read_group(input.subspan(format::kHeaderBytes), false);
  }
  return 0;
}
