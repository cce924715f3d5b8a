#include "chunkstore/pack_format.hpp"

#include <algorithm>
#include <cstring>

#include "base/error.hpp"

namespace jaunt::chunkstore::pack_format {

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t kRealmAt = 48;
constexpr std::size_t kHeaderSumAt = kHeaderBytes - sizeof(base::Hash32);
constexpr std::size_t kCodingAt = 4;
constexpr std::size_t kCountAt = 5;
constexpr std::size_t kPayloadBytesAt = 8;
constexpr std::size_t kSumAt = 16;
constexpr std::size_t kSumBytes = 16;
static_assert(kRealmAt + kRealmNameBytesMax == kHeaderSumAt);

[[noreturn]] void refuse(const char* what, const char* cause) {
  throw Error(ErrorKind::corrupt, "read", what, cause);
}

// Of the header's bytes before the sum, the ids and the payload.
base::Hash32 sum_of(base::ByteView group) {
  return base::Sha256().update(group.first(kSumAt)).update(group.subspan(kGroupHeaderBytes)).finish();
}

}  // namespace

base::Bytes encode(const PackHeader& header) {
  base::invariant(header.realm.size() <= kRealmNameBytesMax, "a realm's name fits a pack's header");
  base::Bytes out;
  const auto append = [&](base::ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); };
  append(base::as_bytes(kMagic));
  base::append_le(out, kVersion);
  base::append_le(out, header.number);
  append(header.realm_fingerprint);
  append(base::as_bytes(header.realm));
  out.resize(kHeaderSumAt);
  append(base::sha256(out));
  return out;
}

PackHeader decode_header(base::ByteView bytes) {
  constexpr const char* what = "a pack's header";
  if (bytes.size() < kHeaderBytes || !std::ranges::equal(bytes.first(kMagic.size()), base::as_bytes(kMagic)))
    refuse(what, "it does not begin as a pack does");
  if (!std::ranges::equal(base::sha256(bytes.first(kHeaderSumAt)), bytes.subspan(kHeaderSumAt, 32)))
    refuse(what, "its checksum is another");
  if (const auto version = base::load_le<std::uint32_t>(bytes.subspan(8)); version != kVersion)
    throw Error(ErrorKind::unsupported, "read", what, "it has version " + std::to_string(version));
  PackHeader header;
  header.number = base::load_le<std::uint32_t>(bytes.subspan(12));
  std::copy_n(bytes.begin() + 16, header.realm_fingerprint.size(), header.realm_fingerprint.begin());
  const auto* const name = reinterpret_cast<const char*>(bytes.data() + kRealmAt);
  header.realm.assign(name, strnlen(name, kRealmNameBytesMax));
  return header;
}

void begin_group(base::Bytes& out, std::span<const model::BlockId> ids) {
  base::invariant(!ids.empty() && ids.size() <= kGroupBlocksMax, "a group has 1 to 64 blocks");
  out.assign(kGroupHeaderBytes, std::byte{0});
  std::memcpy(out.data(), kGroupMagic.data(), kGroupMagic.size());
  out[kCountAt] = std::byte(ids.size());
  const auto bytes = std::as_bytes(ids);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void seal_group(base::Bytes& group, Coding coding) {
  const std::size_t before =
      kGroupHeaderBytes + std::to_integer<std::size_t>(group[kCountAt]) * sizeof(model::BlockId);
  const auto payload_bytes = static_cast<std::uint32_t>(group.size() - before);
  group[kCodingAt] = std::byte(coding);
  std::memcpy(group.data() + kPayloadBytesAt, &payload_bytes, sizeof payload_bytes);
  const base::Hash32 sum = sum_of(group);
  std::copy_n(sum.begin(), kSumBytes, group.begin() + kSumAt);
}

GroupView parse_group(base::ByteView bytes) {
  constexpr const char* what = "a group of blocks";
  if (bytes.size() < kGroupHeaderBytes ||
      !std::ranges::equal(bytes.first(kGroupMagic.size()), base::as_bytes(kGroupMagic)))
    refuse(what, "it does not begin as a group does");
  const auto coding = std::to_integer<std::uint8_t>(bytes[kCodingAt]);
  const auto count = std::to_integer<std::size_t>(bytes[kCountAt]);
  const auto payload_bytes = base::load_le<std::uint32_t>(bytes.subspan(kPayloadBytesAt));
  if (coding > static_cast<std::uint8_t>(Coding::zstd) || count == 0 || count > kGroupBlocksMax)
    refuse(what, "its header holds what no group has");
  const std::size_t before = kGroupHeaderBytes + count * sizeof(model::BlockId);
  const bool plain = Coding(coding) == Coding::plain;
  if (plain ? payload_bytes != count * model::kBlockBytes : payload_bytes >= count * model::kBlockBytes)
    refuse(what, "its length is not that of its blocks");
  if (bytes.size() < before + payload_bytes)
    refuse(what, "it ends before its blocks do");
  static_assert(alignof(model::BlockId) == 1);
  return {.coding = Coding(coding),
          .ids = {reinterpret_cast<const model::BlockId*>(bytes.data() + kGroupHeaderBytes), count},
          .payload = bytes.subspan(before, payload_bytes),
          .bytes = before + payload_bytes};
}

void check_sum(base::ByteView bytes, const GroupView& group) {
  const base::Hash32 sum = sum_of(bytes.first(group.bytes));
  if (!std::ranges::equal(base::ByteView(sum).first(kSumBytes), bytes.subspan(kSumAt, kSumBytes)))
    refuse("a group of blocks", "its checksum is another");
}

}  // namespace jaunt::chunkstore::pack_format
