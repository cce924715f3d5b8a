// What apt is told about proxies, as `apt-config dump` prints it.
#pragma once

#include <string_view>

#include "mirror/download.hpp"

namespace jaunt::mirror {

// Lines that are about something else are left out. Throws limit.
Proxies read_apt_settings(std::string_view text);

}  // namespace jaunt::mirror
