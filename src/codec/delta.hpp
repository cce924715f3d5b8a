// What a piece of content has in common with a former version of it that only the other side has.
#pragma once

#include <cstddef>
#include <span>

#include "base/bytes.hpp"

namespace jaunt::codec {

inline constexpr std::size_t kDeltaContentMax = std::size_t{1} << 20;  // of either version
inline constexpr std::size_t kSignatureMax = std::size_t{1} << 16;     // of a version of that size

// How long the signature of so many bytes is.
std::size_t signature_bytes(std::size_t former);

// What tells the former version's parts, a thirtieth of its size. A limit error where it is too large.
base::Bytes signature_of(base::ByteView former);

// What makes `content` of the former version that has this signature, where the two agree for the most part. The
// signature is foreign: corrupt and limit errors; it may make the delta wrong, which whoever applies it has to check.
base::Bytes delta_of(base::ByteView signature, base::ByteView content);

// `into` made of the former version. The delta is foreign: a corrupt error where it does not fill it exactly.
void apply_delta(base::ByteView former, base::ByteView delta, std::span<std::byte> into);

}  // namespace jaunt::codec
