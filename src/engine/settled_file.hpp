// A file that somebody may be writing to, read as it was at one moment.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "base/units.hpp"

namespace jaunt::engine {

// Reads until two readings agree and nothing was written from before the first to after the second. What comes back
// is what a crash at that moment would have left. A busy error where no such moment comes.
std::string read_settled(const std::filesystem::path& path, base::ByteCount bytes_max,
                         std::chrono::milliseconds patience = std::chrono::seconds(10));

}  // namespace jaunt::engine
