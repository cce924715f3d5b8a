// The last step of every file that appears whole or not at all.
#pragma once

#include <filesystem>

namespace jaunt::base {

// Gives a file its final name in the same folder, durably. What has that name already is replaced, or is an error.
void put_in_place(const std::filesystem::path& from, const std::filesystem::path& to, bool replace);

}  // namespace jaunt::base
