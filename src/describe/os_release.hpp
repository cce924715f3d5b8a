// The guest's /etc/os-release.
#pragma once

#include <string>
#include <string_view>

namespace jaunt::describe {

// What the system calls itself, such as "Debian GNU/Linux 12 (bookworm)"; "" when it does not say.
std::string pretty_name(std::string_view os_release);

}  // namespace jaunt::describe
