// Which format a file has: by its name where its header confirms it, never by a raw disk's content alone.
#pragma once

#include <optional>
#include <string>

#include "base/file.hpp"

namespace jaunt::disk {

// Throws usage where the format must be said by somebody who knows: the name and the header disagree, or a name that
// promises nothing lies on bytes that look like another format (a guest can write these into its raw disk). A stated
// format is taken as it is; one that jaunt does not read is unsupported.
std::string settle_format(const base::File& file, const std::optional<std::string>& stated);

}  // namespace jaunt::disk
