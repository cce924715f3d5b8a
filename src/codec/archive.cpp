#include "codec/archive.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/hash.hpp"
#include "codec/cpio.hpp"
#include "codec/encoder.hpp"
#include "codec/filter.hpp"
#include "codec/unpacked_format.hpp"

namespace jaunt::codec {

using base::ByteCount;
using base::ByteOffset;
using base::Error;
using base::ErrorKind;

namespace {

constexpr std::uint64_t kOwnBytesMin = 256;  // smaller files lie with what is between them
constexpr std::size_t kCopyBytes = base::kMiB;
constexpr ByteCount kNoteBytesMax{4096};
constexpr std::uint64_t kPieceMax = std::uint32_t(-1);

// Where the plain bytes of a section are while it is taken apart.
struct Plain {
  const base::File* file = nullptr;
  std::uint64_t at = 0;
};

// Appends to a file, and knows how much.
class Appender {
 public:
  Appender(const base::File& file, std::uint64_t bytes_max) : file_(file), bytes_max_(bytes_max) {}

  void add(base::ByteView bytes) {
    if (bytes.size() > bytes_max_ - end_.value)
      throw Error(ErrorKind::limit, "write", "an archive", "it is more than an archive may be");
    file_.write_all(end_, bytes);
    hash_.update(bytes);
    end_ += ByteCount(bytes.size());
  }
  ByteCount size() const { return end_ - ByteOffset(); }
  base::Hash32 hash() { return hash_.finish(); }

 private:
  const base::File& file_;
  const std::uint64_t bytes_max_;
  ByteOffset end_;
  base::Sha256 hash_;
};

template <typename Sink>
void copy(const base::File& from, std::uint64_t at, std::uint64_t bytes, const Sink& sink) {
  base::Bytes some(std::min<std::uint64_t>(kCopyBytes, bytes));
  while (bytes > 0) {
    const auto part = std::span(some).first(std::min<std::uint64_t>(some.size(), bytes));
    from.read_exact(ByteOffset(at), part);
    sink(base::ByteView(part));
    at += part.size();
    bytes -= part.size();
  }
}

// Cuts at the beginnings of members that are worth it.
std::vector<UnpackedPiece> pieces_of(const base::File& file, std::uint64_t begin, std::uint64_t end) {
  std::vector<UnpackedPiece> pieces;
  std::uint64_t at = begin;
  const auto add = [&](std::uint64_t glue, std::uint64_t own) {
    for (; glue > kPieceMax; glue -= kPieceMax)
      pieces.push_back({static_cast<std::uint32_t>(kPieceMax), 0});
    pieces.push_back({static_cast<std::uint32_t>(glue), static_cast<std::uint32_t>(own)});
  };
  const CpioParts parts = cpio_parts(file, ByteOffset(begin), ByteOffset(end));
  for (const CpioMember& member : parts.members) {
    if (member.size.value < kOwnBytesMin || member.size.value > kPieceMax)
      continue;
    add(member.content.value - at, member.size.value);
    at = member.content.value + member.size.value;
  }
  if (parts.members.empty())  // one file, not many
    for (; end - at > 0; at += pieces.back().own)
      add(0, std::min(end - at, kPieceMax));
  if (at < end)
    add(end - at, 0);
  return pieces;
}

// Whether the encoder makes just these bytes.
bool makes_again(const std::vector<std::string>& command, std::size_t skip, const base::File& plain,
                 const base::File& packed, ByteOffset from, ByteOffset to, const base::CancelToken& cancel) {
  std::uint64_t made = 0;
  base::Bytes expected;
  const std::uint64_t whole = skip + (to - from).value;
  const bool done = run_filter(
      command, plain, {},
      [&](base::ByteView bytes) {
        const std::uint64_t at = std::exchange(made, made + bytes.size());
        if (made > whole)
          return false;
        const std::size_t skipped = at < skip ? std::min<std::size_t>(skip - at, bytes.size()) : 0;
        bytes = bytes.subspan(skipped);
        expected.resize(bytes.size());
        packed.read_exact(from + ByteCount(at + skipped - skip), expected);
        return std::ranges::equal(bytes, expected);
      },
      {}, cancel);
  return done && made == whole;
}

class Unpacking {
 public:
  Unpacking(const base::File& packed, ByteCount size, const std::filesystem::path& scratch,
            const std::filesystem::path& memory, const base::CancelToken& cancel)
      : packed_(packed), end_(size.value), plain_file_(base::unnamed_file(scratch)), memory_(memory), cancel_(cancel) {}

  std::variant<UnpackedArchive, NotUnpacked> run(const base::File& unpacked) {
    head_.packed = ByteCount(end_.value);
    base::Sha256 hash;
    copy(packed_, 0, end_.value, [&](base::ByteView bytes) { hash.update(bytes); });
    head_.packed_hash = hash.finish();
    std::uint64_t at = 0;
    while (at < end_.value && head_.sections.size() + 1 < kSectionsMax) {
      const CpioParts parts = cpio_parts(packed_, ByteOffset(at), end_);
      if (parts.members.empty())
        break;
      head_.sections.push_back({.encoder = {}, .head = {}, .pieces = pieces_of(packed_, at, parts.end.value)});
      plains_.push_back({&packed_, at});
      at = parts.end.value;
    }
    std::array<std::byte, kOwnHeadMax> begin{};
    const std::size_t seen = packed_.read_some(
        ByteOffset(at), std::span(begin).first(std::min<std::uint64_t>(begin.size(), end_.value - at)));
    const Compression* const compression = compression_of(base::ByteView(begin).first(seen));
    if (compression == nullptr)
      return NotUnpacked{"it is of no kind that is taken apart"};
    const std::string version = version_of(compression->program);
    if (version.empty())
      return NotUnpacked{fmt::format("there is no {} here", compression->program)};
    const auto own = own_head(*compression, base::ByteView(begin).first(seen));
    if (!own)
      return NotUnpacked{"its head is of no kind that is known"};
    const auto known = remembered(compression->program, version);
    if (known && known->empty())
      return none_makes(*compression);
    if (!decode(*compression, at))
      return NotUnpacked{fmt::format("{} does not read it", compression->program)};
    for (const Encoder& encoder : compression->encoders) {
      if (known ? encoder.name != *known
                : !makes_again(encoder.command(plain_bytes_), encoder.skip, plain_file_, packed_,
                               ByteOffset(at + *own), end_, cancel_))
        continue;
      if (!known)
        remember(compression->program, version, encoder.name);
      head_.sections.push_back({.encoder = std::string(encoder.name),
                                .head = {begin.begin(), begin.begin() + static_cast<std::ptrdiff_t>(*own)},
                                .pieces = pieces_of(plain_file_, 0, plain_bytes_)});
      plains_.push_back({&plain_file_, 0});
      return UnpackedArchive{.encoder = std::string(encoder.name), .version = version, .size = write(unpacked)};
    }
    if (!known)
      remember(compression->program, version, "");
    return none_makes(*compression);
  }

 private:
  static NotUnpacked none_makes(const Compression& compression) {
    return {fmt::format("no {} that is known makes it again", compression.program)};
  }

  std::filesystem::path note() const { return memory_ / base::to_hex(head_.packed_hash); }

  // What this version of the program was seen to do with it: the encoder that makes it again, or "" for none.
  std::optional<std::string> remembered(std::string_view program, const std::string& version) const {
    std::error_code absent;
    if (!std::filesystem::exists(note(), absent))
      return std::nullopt;
    const std::string text = base::read_text_file(note(), kNoteBytesMax);
    const std::string begin = fmt::format("{} {}\n", program, version);
    return text.starts_with(begin) ? std::optional(text.substr(begin.size())) : std::nullopt;
  }

  void remember(std::string_view program, const std::string& version, std::string_view encoder) const {
    base::write_text_file(note(), fmt::format("{} {}\n{}", program, version, encoder));
  }

  bool decode(const Compression& compression, std::uint64_t at) {
    Appender plain(plain_file_, kPlainBytesMax);
    const bool done = run_filter(
        compression.reader, packed_, ByteOffset(at),
        [&](base::ByteView bytes) {
          plain.add(bytes);
          return true;
        },
        {}, cancel_);
    plain_bytes_ = plain.size().value;
    return done;
  }

  ByteCount write(const base::File& unpacked) {
    const base::Bytes head = encode(head_);
    if (head.size() > kUnpackedHeadMax)
      throw Error(ErrorKind::limit, "take apart", packed_.path().string(), "it has too many files");
    unpacked.write_all({}, head);
    std::uint64_t glue = head.size();
    std::uint64_t own = head.size();
    for (const UnpackedSection& section : head_.sections)
      own += section.glue_bytes();
    own = aligned(own);
    const auto put = [&](const Plain& plain, std::uint64_t bytes, std::uint64_t& to) {
      copy(*plain.file, plain.at, bytes, [&](base::ByteView some) {
        unpacked.write_all(ByteOffset(to), some);
        to += some.size();
      });
    };
    for (std::size_t i = 0; i < head_.sections.size(); ++i)
      for (const UnpackedPiece& piece : head_.sections[i].pieces) {
        cancel_.check();
        put(plains_[i], piece.glue, glue);
        plains_[i].at += piece.glue;
        put(plains_[i], piece.own, own);
        plains_[i].at += piece.own;
        own = aligned(own);
      }
    unpacked.truncate(ByteCount(own));
    return ByteCount(own);
  }

  const base::File& packed_;
  const ByteOffset end_;
  const base::File plain_file_;
  const std::filesystem::path& memory_;
  const base::CancelToken& cancel_;
  std::uint64_t plain_bytes_ = 0;
  UnpackedHead head_;
  std::vector<Plain> plains_;  // of each section
};

void encode_section(const UnpackedSection& section, const base::File& plain, Appender& out,
                    const base::CancelToken& cancel) {
  const auto named = encoder_named(section.encoder);
  if (!named || version_of(named->compression->program).empty())
    throw Error(ErrorKind::incompatible, "pack", "an archive",
                fmt::format("there is no \"{}\" here", section.encoder));
  out.add(section.head);
  std::size_t skip = named->encoder->skip;
  const bool done = run_filter(
      named->encoder->command(section.plain_bytes()), plain, {},
      [&](base::ByteView bytes) {
        const std::size_t skipped = std::min(skip, bytes.size());
        skip -= skipped;
        out.add(bytes.subspan(skipped));
        return true;
      },
      {}, cancel);
  if (!done)
    throw Error(ErrorKind::incompatible, "pack", "an archive", fmt::format("{} failed", section.encoder));
}

}  // namespace

std::variant<UnpackedArchive, NotUnpacked> unpack_archive(const base::File& packed, ByteCount size,
                                                          const base::File& unpacked,
                                                          const std::filesystem::path& scratch,
                                                          const std::filesystem::path& memory,
                                                          const base::CancelToken& cancel) {
  if (size.value > kPackedBytesMax)
    return NotUnpacked{"it is too large"};
  try {
    return Unpacking(packed, size, scratch, memory, cancel).run(unpacked);
  } catch (const Error& failure) {
    if (failure.kind() != ErrorKind::limit)
      throw;
    return NotUnpacked{failure.cause()};
  }
}

void pack_archive(const base::File& unpacked, ByteCount size, const base::File& packed,
                  const std::filesystem::path& scratch, const base::CancelToken& cancel) {
  std::array<std::byte, kUnpackedPrefix> prefix{};
  const std::size_t begin = unpacked.read_some({}, prefix);
  base::Bytes head_bytes(unpacked_head_bytes(base::ByteView(prefix).first(begin)));
  if (head_bytes.size() > size.value)
    throw Error(ErrorKind::corrupt, "read", "an unpacked archive", "its head ends too early");
  unpacked.read_exact({}, head_bytes);
  const UnpackedHead head = decode_unpacked_head(head_bytes);
  std::uint64_t glue = head_bytes.size();
  std::uint64_t own = head_bytes.size();
  std::uint64_t needed = 0;
  for (const UnpackedSection& section : head.sections)
    own += section.glue_bytes();
  needed = own = aligned(own);
  for (const UnpackedSection& section : head.sections)
    for (const UnpackedPiece& piece : section.pieces)
      needed += aligned(piece.own);
  if (needed != size.value)
    throw Error(ErrorKind::corrupt, "read", "an unpacked archive", "its head tells of another length");
  Appender out(packed, head.packed.value);
  for (const UnpackedSection& section : head.sections) {
    std::optional<base::File> plain_file;
    if (!section.encoder.empty())
      plain_file = base::unnamed_file(scratch);
    Appender plain(plain_file ? *plain_file : packed, kPlainBytesMax);
    Appender& to = plain_file ? plain : out;
    for (const UnpackedPiece& piece : section.pieces) {
      cancel.check();
      copy(unpacked, glue, piece.glue, [&](base::ByteView bytes) { to.add(bytes); });
      copy(unpacked, own, piece.own, [&](base::ByteView bytes) { to.add(bytes); });
      glue += piece.glue;
      own += aligned(piece.own);
    }
    if (plain_file)
      encode_section(section, *plain_file, out, cancel);
  }
  if (out.size() != head.packed || out.hash() != head.packed_hash)
    throw Error(ErrorKind::incompatible, "pack", "an archive", "what its encoder makes here is something else");
}

bool has_encoder(const std::string& encoder, const std::string& version) {
  const auto named = encoder_named(encoder);
  return named && !version.empty() && version_of(named->compression->program) == version;
}

}  // namespace jaunt::codec
