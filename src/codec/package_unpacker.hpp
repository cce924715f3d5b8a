// Packages and compressed files unpacked by a program of their own, jaunt-unpack, which is fenced.
#pragma once

#include "base/error.hpp"
#include "base/file.hpp"
#include "codec/package_fence.hpp"

namespace jaunt::codec {

// How jaunt-unpack ends where it refuses what it was given.
inline constexpr int kUnpackCorrupt = 10;
inline constexpr int kUnpackUnsupported = 11;
inline constexpr int kUnpackLimit = 12;

enum class Unpacking {
  package,  // a .deb or .rpm into blocks, see package_blocks.hpp
  plain,    // one compressed file
};

// From the beginning of `in`. Throws corrupt, unsupported or limit where that is no such thing or too much, io where the
// program cannot be run. Start it on a thread that lives as long as the call.
void unpack(Unpacking how, const base::File& in, const base::File& out, const UnpackBounds& bounds,
            const base::CancelToken& cancel);

}  // namespace jaunt::codec
