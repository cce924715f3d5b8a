// The Packages file of an apt repository.
#pragma once

#include <string>
#include <string_view>

#include "mirror/package_name.hpp"

namespace jaunt::mirror {

// Tells `wanted` of the packages in it that are looked for. `root` is the repository's URL, with a '/' at its end. Stanzas
// that make no sense are left out. Throws limit.
void read_deb_index(std::string_view text, const std::string& root, WantedPackages& wanted);

// Whether a file's name in an index stays below its repository: no "..", no scheme, nothing that is no path.
bool is_safe_path(std::string_view path);
// The same as part of a URL.
std::string url_path(std::string_view path);

}  // namespace jaunt::mirror
