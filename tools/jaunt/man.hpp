// The table of commands, and that of the configuration, as manual pages in roff.
#pragma once

#include <string>
#include <vector>

#include "command_table.hpp"

namespace jaunt::cli {

struct ManPage {
  std::string file;  // "jaunt-describe.1"
  std::string text;
};

std::vector<ManPage> man_pages();

}  // namespace jaunt::cli
