// Whether this host's KVM really runs guests: on some machines the device opens and QEMU still aborts or hangs.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "base/error.hpp"

namespace jaunt::hypervisor {

struct KvmProbe {
  bool present = false;  // there is a device
  bool usable = false;   // a guest ran under it
  std::string why;       // why it is not usable, in words for people
};

// Boots a firmware without disks under KVM, confined, and waits until it asks for a reset: a quarter of a second
// where KVM works, ten seconds at most where it hangs. Callers may keep the answer as long as the boot id and the
// emulator's file stay the same. Throws only Cancelled.
KvmProbe probe_kvm(const std::filesystem::path& emulator, const base::CancelToken& cancel = {},
                   const std::filesystem::path& device = "/dev/kvm");

// How the same firmware ends under any accelerator ("kvm", "tcg"): empty when it ran to its end, else why not.
std::string why_no_guest_runs(const std::filesystem::path& emulator, const std::string& accelerator,
                              const base::CancelToken& cancel = {},
                              std::chrono::milliseconds patience = std::chrono::seconds(10));

}  // namespace jaunt::hypervisor
