// Archives looked into: a compressed file of a guest taken apart into blocks that others may have as well, and made
// again from these to the byte.
#pragma once

#include <filesystem>
#include <string>
#include <variant>

#include "base/error.hpp"
#include "base/file.hpp"

namespace jaunt::codec {

// What an archive was found to be.
struct UnpackedArchive {
  std::string encoder;   // that makes it again: "gzip -6"
  std::string version;   // of that program here
  base::ByteCount size;  // of the unpacked file
};
struct NotUnpacked {
  std::string why;
};

// Takes the first `size` bytes of `packed` apart into `unpacked`, an empty file: a head, then the files in it, each
// from a block's beginning on. Only what an encoder of this host makes again to the byte, which is tried. Work that
// outgrows memory lies in `scratch`. The archive is foreign: it is read by a fenced program. A few megabytes of
// memory. Which encoder made which archive again is remembered in the folder `memory`, so that it is tried once.
std::variant<UnpackedArchive, NotUnpacked> unpack_archive(const base::File& packed, base::ByteCount size,
                                                          const base::File& unpacked,
                                                          const std::filesystem::path& scratch,
                                                          const std::filesystem::path& memory,
                                                          const base::CancelToken& cancel);

// Makes the archive again in `packed`, an empty file. `unpacked`, which may come from a hostile node, has so many
// bytes. Throws corrupt, unsupported or limit where it is no unpacked archive; incompatible where the encoder is not
// here, or makes something else.
void pack_archive(const base::File& unpacked, base::ByteCount size, const base::File& packed,
                  const std::filesystem::path& scratch, const base::CancelToken& cancel);

// Whether this host has that encoder in that version.
bool has_encoder(const std::string& encoder, const std::string& version);

}  // namespace jaunt::codec
