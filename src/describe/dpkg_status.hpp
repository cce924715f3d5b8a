// Debian's record of installed packages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/description.hpp"

namespace jaunt::describe {

struct DpkgStatus {
  std::vector<model::Package> packages;  // whose files are in place, as in the file
  std::vector<model::Problem> problems;  // packages that are half installed
};

// /var/lib/dpkg/status. Throws only limit.
DpkgStatus parse_dpkg_status(std::string_view text);

}  // namespace jaunt::describe
