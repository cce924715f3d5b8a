// Which jaunt this is.
#pragma once

#include <string_view>

namespace jaunt::base {

std::string_view version();   // "0.1.0"
std::string_view revision();  // what git describe said when it was configured; empty outside of a checkout

}  // namespace jaunt::base
