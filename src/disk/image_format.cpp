#include "disk/image_format.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "disk/vetted_file.hpp"

namespace jaunt::disk {

namespace {

using namespace std::string_view_literals;
using base::ByteOffset;
using base::Error;
using base::ErrorKind;

struct NamedFormat {
  std::string_view suffix;
  std::string_view format;
};
constexpr std::array kSuffixes{NamedFormat{".qcow2", "qcow2"}, NamedFormat{".vmdk", "vmdk"},
                               NamedFormat{".vdi", "vdi"},     NamedFormat{".vhd", "vpc"},
                               NamedFormat{".vpc", "vpc"},     NamedFormat{".vhdx", "vhdx"}};
constexpr std::array kReadable{"raw"sv, "qcow2"sv, "vmdk"sv, "vdi"sv, "vpc"sv, "vhdx"sv};

struct Magic {
  std::size_t offset;
  std::string_view bytes;
  std::string_view format;
};
constexpr std::array kMagics{Magic{0, "QFI\xfb\0\0\0\1"sv, "qcow"},
                             Magic{0, "QFI\xfb"sv, "qcow2"},
                             Magic{0, "KDMV"sv, "vmdk"},
                             Magic{0, "COWD"sv, "vmdk"},
                             Magic{0, "# Disk Descriptor"sv, "vmdk"},
                             Magic{64, "\x7f\x10\xda\xbe"sv, "vdi"},
                             Magic{0, "conectix"sv, "vpc"},
                             Magic{0, "vhdxfile"sv, "vhdx"},
                             Magic{0, "QED\0"sv, "qed"},
                             Magic{0, "WithoutFreeSpace"sv, "parallels"},
                             Magic{0, "WithouFreSpacExt"sv, "parallels"}};
constexpr std::string_view kVhdFooter = "conectix";
constexpr std::uint64_t kVhdFooterBytes = 512;

std::string text_at(const base::File& file, ByteOffset at, std::size_t length) {
  std::string text(length, '\0');
  text.resize(file.read_some(at, std::as_writable_bytes(std::span(text))));
  return text;
}

std::optional<std::string> format_of_header(const base::File& file) {
  const std::string head = text_at(file, ByteOffset(0), 128);
  for (const Magic& magic : kMagics)
    if (head.size() > magic.offset && std::string_view(head).substr(magic.offset).starts_with(magic.bytes))
      return std::string(magic.format);
  const auto size = byte_size(file).value;
  if (size >= kVhdFooterBytes && text_at(file, ByteOffset(size - kVhdFooterBytes), kVhdFooter.size()) == kVhdFooter)
    return "vpc";
  return std::nullopt;
}

std::optional<std::string> format_of_name(const base::File& file) {
  std::string suffix = file.path().extension().string();
  std::transform(suffix.begin(), suffix.end(), suffix.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto found = std::find_if(kSuffixes.begin(), kSuffixes.end(),
                                  [&](const NamedFormat& named) { return named.suffix == suffix; });
  return found != kSuffixes.end() ? std::optional(std::string(found->format)) : std::nullopt;
}

}  // namespace

std::string settle_format(const base::File& file, const std::optional<std::string>& stated) {
  const std::string name = base::printable(file.path().string());
  if (stated) {
    if (std::find(kReadable.begin(), kReadable.end(), *stated) == kReadable.end())
      throw Error(ErrorKind::unsupported, "open", name, "its format is " + base::printable(*stated),
                  "convert it with qemu-img to qcow2 or raw");
    return *stated;
  }
  const auto named = format_of_name(file);
  const auto header = format_of_header(file);
  if (named && named == header)
    return *named;
  if (named)
    throw Error(ErrorKind::usage, "open", name,
                "its name says " + *named + " but its header " + (header ? "says " + *header : "does not"),
                "say which it is with --format");
  if (header)
    throw Error(ErrorKind::usage, "open", name,
                "its content looks like " + *header + ", which a raw disk's guest could have written",
                "say --format " + *header + " or --format raw");
  return "raw";
}

}  // namespace jaunt::disk
