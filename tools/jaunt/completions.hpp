// The table of commands as scripts by which shells complete words.
#pragma once

#include <string>
#include <string_view>

namespace jaunt::cli {

// `shell` is bash, zsh or fish.
std::string completions(std::string_view shell);

}  // namespace jaunt::cli
