// Whether a file is still what it was when it was read (docs/architecture.md, "Files that are not ours").
#pragma once

#include <cstddef>
#include <optional>

#include "base/file.hpp"
#include "disk/chain.hpp"
#include "model/description.hpp"

namespace jaunt::disk {

model::FileIdentity identify(const base::File& file);

// False only when it is certain that nobody, this process included, has the regular file open for writing. The file
// must be open read-only. Where the system cannot tell (not our file and no privilege, NFS, a device), true.
bool may_be_written(const base::File& file);

// The identity under which what is read from now on may be remembered; nullopt where it may not: a block device, a
// file changed this very instant, or one that may be open for writing.
std::optional<model::FileIdentity> memorable_identity(const base::File& file);

// Whether the file is still the one that `identity` was taken of, unwritten since, with no writer at it now. Ask it
// after reading as well as before using what was remembered.
bool unchanged_since(const model::FileIdentity& identity, const base::File& file);

// The same of a layer. One whose bytes lie in several files is never memorable.
std::optional<model::FileIdentity> memorable_identity(const Chain& chain, std::size_t index);
bool unchanged_since(const model::FileIdentity& identity, const Chain& chain, std::size_t index);

}  // namespace jaunt::disk
