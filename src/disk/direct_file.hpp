// Reading and writing around the page cache, where a filesystem can do that in whole blocks of memory and of the
// file.
#pragma once

#include <optional>

#include "base/bytes.hpp"
#include "base/file.hpp"
#include "base/units.hpp"

namespace jaunt::disk {

// Shorter ones do better with the cache and what the kernel reads ahead.
inline constexpr std::size_t kDirectBytesMin = 64 * base::kKiB;

// The same file once more; nullopt where its filesystem cannot do it, or the kernel does not say that it can.
std::optional<base::File> open_direct(const base::File& file, int flags);

// Whether a transfer begins and ends with a block, in memory, too, and is long enough.
bool goes_direct(base::ByteOffset at, base::ByteView bytes);

// What is cached is copied, and only the rest read from the disk. The transfer goes direct.
void read_around_cache(const base::File& file, const base::File& direct, base::ByteOffset at,
                       std::span<std::byte> into);

}  // namespace jaunt::disk
