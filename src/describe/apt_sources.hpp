// Where apt gets packages from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/description.hpp"

namespace jaunt::describe {

// Binary package sources of a one-line file (sources.list, *.list); `file` is where it is. What makes no sense is
// left out. Throws only limit, as does the other.
std::vector<model::Repository> parse_apt_list(std::string_view text, const std::string& file);

// The same of a deb822 file (*.sources).
std::vector<model::Repository> parse_apt_sources(std::string_view text, const std::string& file);

}  // namespace jaunt::describe
