// Where yum and dnf get packages from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/description.hpp"

namespace jaunt::describe {

// A *.repo file; `file` is where it is. What makes no sense is left out. Throws only limit.
std::vector<model::Repository> parse_yum_repo(std::string_view text, const std::string& file);

}  // namespace jaunt::describe
