// What another account of this host may reach.
#pragma once

#include <filesystem>
#include <optional>

#include "hypervisor/xml.hpp"

namespace jaunt::hypervisor {

// The first folder on the way to and including `folder` that `account` may not enter; nullopt when it gets there.
// Only root can try in another's name; for others every folder counts as open.
std::optional<std::filesystem::path> closed_to(const Account& account, const std::filesystem::path& folder);

// Whom libvirt's packages run QEMU as on this host, when they do.
std::optional<Account> packaged_qemu_account();

}  // namespace jaunt::hypervisor
