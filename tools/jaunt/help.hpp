// The table of commands as --help shows it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "command_table.hpp"

namespace jaunt::cli {

std::string help(std::size_t width);  // of all commands
std::string help(const Command& command, std::size_t width);

// Breaks at spaces so that no line is longer than `width`, where words allow; every line but the first is indented.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width);

}  // namespace jaunt::cli
