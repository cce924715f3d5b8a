// What is inside of a package, as blocks. Eats hostile bytes by libarchive, so it runs in a child that is fenced
// (package_fence.hpp); package_unpacker.hpp starts that.
#pragma once

#include <cstdint>

#include "base/file.hpp"
#include "base/units.hpp"

namespace jaunt::codec {

struct PackageBounds {
  base::ByteCount bytes_max{8 * base::kGiB};   // that are unpacked, whatever of them is kept
  base::ByteCount output_max{4 * base::kGiB};  // that are written
  std::uint64_t members_max = 2'000'000;
};

// Reads a .deb or an .rpm from where `in` stands and writes what its files would be on a disk: each regular file, the
// control members and the list of paths that dpkg keeps included, cut at 4 KiB from its start, the tail zero-padded.
// Zero blocks, and those that came up before, are left out. Throws corrupt, unsupported or limit for what is wrong
// with the package.
void write_package_blocks(const base::File& in, const base::File& out, const PackageBounds& bounds);

// Decompresses what is one compressed file, or copies a plain one: gzip, xz, bzip2, zstd.
void write_plain(const base::File& in, const base::File& out, const PackageBounds& bounds);

}  // namespace jaunt::codec
