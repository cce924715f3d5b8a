// Secrets that two nodes share for a moment, and what proves that one knows them.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "base/bytes.hpp"
#include "base/hash.hpp"

namespace jaunt::identity {

using Secret = std::array<std::byte, 16>;

// From the operating system's generator.
void fill_randomly(std::span<std::byte> bytes);

// HMAC-SHA-256 of the purpose and the bytes.
base::Hash32 proof_of(const Secret& secret, std::string_view purpose, base::ByteView bytes);

// Takes the same time wherever they differ.
bool same_proof(const base::Hash32& left, const base::Hash32& right);

}  // namespace jaunt::identity
