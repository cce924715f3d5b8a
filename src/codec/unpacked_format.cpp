#include "codec/unpacked_format.hpp"

#include <algorithm>
#include <string_view>

#include "base/error.hpp"
#include "codec/encoder.hpp"

namespace jaunt::codec {

using base::ErrorKind;

namespace {

constexpr std::string_view kMagic = "jauntarc";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kEncoderNameMax = 64;

[[noreturn]] void refuse(ErrorKind kind, const char* cause) {
  throw base::Error(kind, "read", "an unpacked archive", cause);
}

// Takes from the front of a head.
class Taker {
 public:
  explicit Taker(base::ByteView left) : left_(left) {}

  base::ByteView bytes(std::size_t count) {
    if (count > left_.size())
      refuse(ErrorKind::corrupt, "its head ends too early");
    const base::ByteView taken = left_.first(count);
    left_ = left_.subspan(count);
    return taken;
  }
  template <std::integral Integer>
  Integer number() {
    return base::load_le<Integer>(bytes(sizeof(Integer)));
  }
  base::ByteView rest() const { return left_; }

 private:
  base::ByteView left_;
};

void append(base::Bytes& out, base::ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

UnpackedSection take_section(Taker& in, std::uint64_t& plain) {
  UnpackedSection section;
  const auto name = in.bytes(in.number<std::uint8_t>());
  section.encoder.assign(reinterpret_cast<const char*>(name.data()), name.size());
  const auto head = in.number<std::uint32_t>();
  if (name.size() > kEncoderNameMax || head > kOwnHeadMax)
    refuse(ErrorKind::limit, "what it says of a section is too long");
  const auto head_bytes = in.bytes(head);
  section.head.assign(head_bytes.begin(), head_bytes.end());
  const auto pieces = in.number<std::uint32_t>();
  if (pieces > in.rest().size() / sizeof(UnpackedPiece))
    refuse(ErrorKind::corrupt, "its head ends too early");
  for (std::uint32_t i = 0; i < pieces; ++i) {
    const auto glue = in.number<std::uint32_t>();
    section.pieces.push_back({glue, in.number<std::uint32_t>()});
  }
  plain += section.plain_bytes();
  if (plain > kPlainBytesMax)
    refuse(ErrorKind::limit, "it holds more than an archive may");
  return section;
}

}  // namespace

std::uint64_t UnpackedSection::glue_bytes() const {
  std::uint64_t bytes = 0;
  for (const UnpackedPiece& piece : pieces)
    bytes += piece.glue;
  return bytes;
}

std::uint64_t UnpackedSection::plain_bytes() const {
  std::uint64_t bytes = 0;
  for (const UnpackedPiece& piece : pieces)
    bytes += std::uint64_t{piece.glue} + piece.own;
  return bytes;
}

base::Bytes encode(const UnpackedHead& head) {
  base::Bytes out;
  append(out, base::as_bytes(kMagic));
  base::append_le(out, kVersion);
  base::append_le(out, std::uint32_t{0});  // how long the head is
  base::append_le(out, head.packed.value);
  append(out, head.packed_hash);
  base::append_le(out, static_cast<std::uint32_t>(head.sections.size()));
  for (const UnpackedSection& section : head.sections) {
    base::append_le(out, static_cast<std::uint8_t>(section.encoder.size()));
    append(out, base::as_bytes(section.encoder));
    base::append_le(out, static_cast<std::uint32_t>(section.head.size()));
    append(out, section.head);
    base::append_le(out, static_cast<std::uint32_t>(section.pieces.size()));
    for (const UnpackedPiece& piece : section.pieces) {
      base::append_le(out, piece.glue);
      base::append_le(out, piece.own);
    }
  }
  out.resize(aligned(out.size()));
  const auto length = static_cast<std::uint32_t>(out.size());
  std::memcpy(out.data() + kUnpackedPrefix - sizeof length, &length, sizeof length);
  return out;
}

std::size_t unpacked_head_bytes(base::ByteView prefix) {
  if (prefix.size() < kUnpackedPrefix || !std::ranges::equal(prefix.first(kMagic.size()), base::as_bytes(kMagic)))
    refuse(ErrorKind::corrupt, "it does not begin like one");
  if (base::load_le<std::uint32_t>(prefix.subspan(kMagic.size())) != kVersion)
    refuse(ErrorKind::unsupported, "it is of another version");
  const auto length = base::load_le<std::uint32_t>(prefix.subspan(kUnpackedPrefix - sizeof(std::uint32_t)));
  if (length > kUnpackedHeadMax)
    refuse(ErrorKind::limit, "its head is too long");
  if (length < kUnpackedAlignment || length % kUnpackedAlignment != 0)
    refuse(ErrorKind::corrupt, "its head is not of whole blocks");
  return length;
}

UnpackedHead decode_unpacked_head(base::ByteView bytes) {
  if (unpacked_head_bytes(bytes) != bytes.size())
    refuse(ErrorKind::corrupt, "its head is of another length");
  Taker in(bytes.subspan(kUnpackedPrefix));
  UnpackedHead head;
  head.packed = base::ByteCount(in.number<std::uint64_t>());
  std::ranges::copy(in.bytes(head.packed_hash.size()), head.packed_hash.begin());
  const auto sections = in.number<std::uint32_t>();
  if (head.packed.value > kPackedBytesMax || sections > kSectionsMax)
    refuse(ErrorKind::limit, "it is more than an archive may be");
  std::uint64_t plain = 0;
  for (std::uint32_t i = 0; i < sections; ++i)
    head.sections.push_back(take_section(in, plain));
  if (std::ranges::any_of(in.rest(), [](std::byte b) { return b != std::byte{0}; }))
    refuse(ErrorKind::corrupt, "something follows its sections");
  return head;
}

}  // namespace jaunt::codec
