// The one place where libvirt's errors become ours.
#pragma once

#include <string>

#include "base/error.hpp"

namespace jaunt::hypervisor {

// The Error of the libvirt call that failed last on this thread; called right after it.
base::Error last_libvirt_error(std::string operation, std::string subject);

// Throws it.
[[noreturn]] void throw_libvirt(std::string operation, std::string subject);

}  // namespace jaunt::hypervisor
