// The facts about this host, and the judgement whether it is able. Gathering looks, judging only thinks.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/units.hpp"
#include "hypervisor/kvm.hpp"

namespace jaunt::hypervisor {

// A folder that has to have room.
struct FolderQuestion {
  std::string purpose;  // "home", "scratch"; the check's name
  std::filesystem::path path;
  base::ByteCount wanted;  // free space below which work will fail soon
  bool for_qemu = false;   // QEMU's account must be able to get there too
};

// What to look at; the defaults are this host as it is.
struct HostQuestions {
  std::string uri = "qemu:///system";
  std::vector<FolderQuestion> folders;
  std::optional<KvmProbe> kvm;                     // an answer that the caller kept; probed when absent
  std::string kernel;                              // the appliance's kernel; $SUPERMIN_KERNEL when empty
  std::filesystem::path boot = "/boot";            // else the appliance takes a kernel from here
  std::filesystem::path modules = "/lib/modules";  // and its modules from here
};

struct LibvirtFacts {
  std::string uri;
  std::string error;   // why it cannot be reached; empty when it can
  std::string remedy;  // what the error suggests
  std::string library_version;
  std::string daemon_version;
  std::string hypervisor_version;
};

struct KernelFacts {
  std::filesystem::path path;
  bool readable = false;
  bool modules = false;  // its modules are there too
};

struct ApplianceFacts {
  std::filesystem::path fixed;       // a ready-made appliance that $LIBGUESTFS_PATH names
  bool supermin = false;             // the program that makes the appliance
  bool parts = false;                // and what it makes it of
  bool kernel_chosen = false;        // the kernel was named, by $SUPERMIN_KERNEL or the caller
  std::vector<KernelFacts> kernels;  // that it could take
};

struct FolderFacts {
  std::string purpose;
  std::filesystem::path path;
  std::filesystem::path existing;  // the folder itself, or its nearest parent that exists
  bool writable = false;
  std::optional<std::filesystem::path> closed_to_qemu;  // the folder on the way that QEMU's account may not enter
  base::ByteCount free;
  base::ByteCount wanted;
  std::string error;  // why nothing could be found out
};

struct RightsFacts {
  std::string user;
  bool root = false;
  bool libvirt_group = false;
  bool kvm_group = false;
};

struct ClockFacts {
  bool plausible = false;     // not before this program was made
  bool synchronised = false;  // as the kernel knows it
};

struct HostFacts {
  LibvirtFacts libvirt;
  std::string emulator;  // path of the QEMU that libvirt uses, else of the one in PATH; empty when there is none
  KvmProbe kvm;
  ApplianceFacts appliance;
  std::string qemu_img;  // path; empty when there is none
  std::string qemu_nbd;
  std::vector<FolderFacts> folders;
  RightsFacts rights;
  bool fences = false;  // Landlock
  ClockFacts clock;
};

// Looks at this host. Takes a second, ten where KVM hangs, and as many more where libvirt does. Throws only
// Cancelled.
HostFacts gather_host(const HostQuestions& questions, const base::CancelToken& cancel = {});

enum class Verdict { ok, warning, broken };

struct Check {
  std::string name;  // "libvirt", "qemu", "kvm", "appliance", "tools", a folder's purpose, "rights", "fence", "clock"
  Verdict verdict;
  std::string found;   // one sentence
  std::string remedy;  // what to do; empty when it is ok
};

// Always the same checks in the same order. Pure.
std::vector<Check> judge(const HostFacts& facts);

}  // namespace jaunt::hypervisor
