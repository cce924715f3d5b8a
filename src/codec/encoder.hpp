// Programs that make an archive's bytes again, by name, arguments and version: the same bytes on every host that has
// the same of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace jaunt::codec {

struct Encoder {
  std::string_view name;          // "gzip -6": what an unpacked archive says
  std::vector<std::string> argv;  // from standard input to standard output
  std::size_t skip = 0;           // bytes of its output, instead of which the archive's own head counts
  bool told_size = false;         // it is told how much comes, as where it packs a file that has a name

  std::vector<std::string> command(std::uint64_t plain_bytes) const;
};

// How one kind of compressed data is read, and what may have written it.
struct Compression {
  std::string_view program;
  std::vector<std::string> reader;
  std::vector<Encoder> encoders;  // the likeliest first
};

// By how it begins; nullptr where it is of no known kind. 32 bytes are enough.
const Compression* compression_of(base::ByteView begin);

// The encoder of this name and the program that it is one of.
struct NamedEncoder {
  const Compression* compression = nullptr;
  const Encoder* encoder = nullptr;
};
std::optional<NamedEncoder> encoder_named(std::string_view name);

// "1.12": what this host has of a program; empty where it does not have it. Looked up once.
std::string version_of(std::string_view program);

// Bytes of a compressed file's head that its encoder cannot make again: gzip's time and name. nullopt where the head
// does not end.
std::optional<std::size_t> own_head(const Compression& compression, base::ByteView begin);
inline constexpr std::size_t kOwnHeadMax = 1024;

}  // namespace jaunt::codec
