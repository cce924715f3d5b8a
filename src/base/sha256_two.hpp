// SHA-256 of two messages in the time of one, where the processor has instructions for it.
#pragma once

#include <array>
#include <optional>

#include "base/hash.hpp"

namespace jaunt::base {

// The hashes of two messages of equal length; nullopt where the processor cannot. Each instruction waits for the one
// before it in its own message, and the other's fill the gap.
std::optional<std::array<Hash32, 2>> sha256_two(ByteView first, ByteView second);

}  // namespace jaunt::base
