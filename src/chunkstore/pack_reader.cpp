#include "chunkstore/pack_reader.hpp"

#include <fcntl.h>

#include "base/error.hpp"

namespace jaunt::chunkstore {

namespace {

constexpr std::size_t kFilesMax = 64;

}  // namespace

base::ByteView content_of(const pack_format::GroupView& group, codec::FrameDecompressor& decompressor,
                          base::Bytes& buffer) {
  if (group.coding == pack_format::Coding::plain)
    return group.payload;
  buffer.resize(group.content_bytes());
  decompressor.decompress(group.payload, buffer);
  return buffer;
}

const base::File& PackReader::open(std::uint32_t pack) {
  if (const auto known = files_.find(pack); known != files_.end())
    return known->second;
  if (files_.size() >= kFilesMax)
    files_.clear();
  return files_.emplace(pack, base::File::open(folder_.pack(pack), O_RDONLY)).first->second;
}

PackReader::Group PackReader::read(Location location, bool check_sum) {
  if (group_number_ == location.group() && (sum_checked_ || !check_sum))
    return group_;
  group_number_ = ~std::uint64_t{0};
  const base::File& file = open(location.pack());
  bytes_.resize(location.group_bytes_max());
  const std::size_t got = file.read_some(base::ByteOffset(location.offset()), bytes_);
  try {
    const base::ByteView bytes = base::ByteView(bytes_).first(got);
    const auto parsed = pack_format::parse_group(bytes);
    if (check_sum)
      pack_format::check_sum(bytes, parsed);
    group_ = {.ids = parsed.ids, .blocks = content_of(parsed, decompressor_, content_)};
  } catch (const base::Error& error) {
    throw error.within("read at byte " + std::to_string(location.offset()) + " of", file.path().string());
  }
  group_number_ = location.group();
  sum_checked_ = check_sum;
  return group_;
}

}  // namespace jaunt::chunkstore
