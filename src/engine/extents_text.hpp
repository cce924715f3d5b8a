// Sets of extents as text, for notes of the catalog.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/extent.hpp"

namespace jaunt::engine {

// A line for each set: offsets and lengths in bytes.
std::string to_text(const std::vector<model::ExtentSet>& sets);

// Throws corrupt.
std::vector<model::ExtentSet> extents_from_text(std::string_view text);

}  // namespace jaunt::engine
