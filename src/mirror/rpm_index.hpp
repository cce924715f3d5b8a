// The metadata of a dnf repository: repomd.xml, and the primary.xml that it names.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mirror/package_name.hpp"

namespace jaunt::mirror {

struct PrimaryPlace {
  std::string path;  // below the repository
  base::ByteCount size;
  std::optional<base::Hash32> sha256 = {};

  bool operator==(const PrimaryPlace&) const = default;
};

// Throws corrupt or limit; nullopt where it names none.
std::optional<PrimaryPlace> read_repomd(std::string_view text);

// Tells `wanted` of the packages in it that are looked for; `root` is the repository's URL, with a '/' at its end. Throws
// corrupt or limit.
void read_rpm_index(std::string_view text, const std::string& root, WantedPackages& wanted);

}  // namespace jaunt::mirror
