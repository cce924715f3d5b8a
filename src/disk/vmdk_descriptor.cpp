#include "disk/vmdk_descriptor.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace jaunt::disk {

namespace {

using base::ByteOffset;
using base::Error;
using base::ErrorKind;

constexpr std::size_t kExtentsMax = 512;
constexpr std::size_t kDescriptorBytesMax = base::kMiB;  // QEMU reads no more
constexpr std::uint64_t kSectorBytes = 512;
constexpr std::string_view kSparseMagic = "KDMV";
// Of the sparse header, in bytes.
constexpr std::size_t kCapacityAt = 12;
constexpr std::size_t kDescriptorAt = 28;
constexpr std::size_t kHeaderBytes = 79;
constexpr std::string_view kBlanks = " \t\r\n\v\f";
constexpr std::size_t kWordMax = 10;  // where QEMU cuts a word in two

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
}

std::string_view take(std::string_view& text, std::size_t length) {
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(taken.size());
  return taken;
}

// The next two scan as C's "%10s" and "%d" do, because QEMU uses these: lines may run into one another, and words
// into what follows.
std::string_view take_word(std::string_view& text) {
  skip_blanks(text);
  return take(text, std::min(text.find_first_of(kBlanks), kWordMax));
}

bool take_number(std::string_view& text) {
  skip_blanks(text);
  if (text.starts_with('+') || text.starts_with('-'))
    text.remove_prefix(1);
  return !take(text, text.find_first_not_of("0123456789")).empty();
}

// The name of an extent line such as `RW 8192 FLAT "disk-flat.vmdk" 0`; empty when `line` does not begin one that
// QEMU would read.
std::string_view extent_name(std::string_view line) {
  if (take_word(line) != "RW" || !take_number(line) || take_word(line).empty())
    return {};
  skip_blanks(line);
  if (!line.starts_with('"'))
    return {};
  line.remove_prefix(1);
  return line.substr(0, line.find_first_of("\"\r\n"));
}

}  // namespace

std::vector<std::string> vmdk_extents(std::string_view descriptor) {
  descriptor = descriptor.substr(0, descriptor.find('\0'));
  std::vector<std::string> names;
  while (!descriptor.empty()) {
    if (const std::string_view name = extent_name(descriptor); !name.empty())
      names.emplace_back(name);
    if (names.size() > kExtentsMax)
      throw Error(ErrorKind::limit, "read", "the VMDK descriptor", "it names too many extents");
    descriptor.remove_prefix(std::min(descriptor.find('\n'), descriptor.size() - 1) + 1);
  }
  return names;
}

std::string vmdk_descriptor(const base::File& file) {
  std::array<std::byte, kHeaderBytes> header{};
  const auto got = file.read_some(ByteOffset(0), header);
  const std::string_view magic(reinterpret_cast<const char*>(header.data()), kSparseMagic.size());
  std::uint64_t at = 0;
  if (magic == kSparseMagic) {
    const auto capacity = base::load_le<std::uint64_t>(base::ByteView(header).subspan(kCapacityAt, 8));
    const auto sector = base::load_le<std::uint64_t>(base::ByteView(header).subspan(kDescriptorAt, 8));
    if (got < header.size() || capacity != 0)
      return {};
    if (sector > std::numeric_limits<std::int64_t>::max() / kSectorBytes - kDescriptorBytesMax)
      throw Error(ErrorKind::corrupt, "read", "the VMDK header", "its descriptor lies beyond any file");
    at = sector * kSectorBytes;
  } else if (magic == "COWD") {
    return {};
  }
  std::string text(kDescriptorBytesMax, '\0');
  text.resize(file.read_some(ByteOffset(at), std::as_writable_bytes(std::span(text))));
  return text;
}

}  // namespace jaunt::disk
