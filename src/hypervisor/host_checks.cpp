#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "hypervisor/host.hpp"

namespace jaunt::hypervisor {

namespace {

Check ok(std::string name, std::string found) {
  return {std::move(name), Verdict::ok, std::move(found), ""};
}

Check check_libvirt(const LibvirtFacts& libvirt) {
  if (!libvirt.error.empty())
    return {"libvirt", Verdict::broken, libvirt.error, libvirt.remedy};
  return ok("libvirt", fmt::format("{} answers: libvirt {}{}", libvirt.uri, libvirt.daemon_version,
                                   libvirt.hypervisor_version.empty() ? "" : ", QEMU " + libvirt.hypervisor_version));
}

Check check_qemu(const HostFacts& facts) {
  if (facts.emulator.empty())
    return {"qemu", Verdict::broken, "no QEMU was found", "install package qemu-system-x86"};
  return ok("qemu", facts.emulator);
}

Check check_kvm(const KvmProbe& kvm) {
  if (kvm.usable)
    return ok("kvm", "a guest runs under KVM");
  const std::string found = kvm.why + "; guests are emulated instead, many times slower";
  if (!kvm.present)
    return {"kvm", Verdict::warning, found,
            "switch virtualization on in the firmware (or nested virtualization in the host above) and load module "
            "kvm_intel or kvm_amd"};
  if (kvm.why.starts_with("this user"))
    return {"kvm", Verdict::warning, found, "add the user to group kvm, then log in anew"};
  return {"kvm", Verdict::warning, found,
          "KVM is there but broken, usually by the host above this machine: update its kernel or choose another CPU "
          "model there"};
}

std::string kernel_names(const std::vector<KernelFacts>& kernels) {
  std::string names;
  for (const auto& kernel : kernels)
    names += (names.empty() ? "" : ", ") + kernel.path.string();
  return names;
}

Check check_appliance(const ApplianceFacts& appliance) {
  const auto broken = [](std::string found, std::string remedy) {
    return Check{"appliance", Verdict::broken, std::move(found), std::move(remedy)};
  };
  if (!appliance.fixed.empty())
    return ok("appliance", fmt::format("the fixed appliance in {}", appliance.fixed.string()));
  if (!appliance.supermin || !appliance.parts)
    return broken("libguestfs has no appliance", "install packages libguestfs0 and supermin");
  if (appliance.kernels.empty())
    return broken("there is no kernel for the appliance in /boot", "install package linux-image-cloud-amd64");
  const auto usable = std::find_if(appliance.kernels.begin(), appliance.kernels.end(),
                                   [](const KernelFacts& kernel) { return kernel.readable && kernel.modules; });
  if (usable != appliance.kernels.end())
    return ok("appliance", fmt::format("made with kernel {}", usable->path.string()));
  const std::string names = kernel_names(appliance.kernels);
  if (appliance.kernel_chosen)
    return broken(fmt::format("the chosen kernel {} cannot be read, or its modules are missing", names),
                  "unset SUPERMIN_KERNEL, or name a kernel that exists and set SUPERMIN_MODULES to its modules");
  const bool unreadable = std::none_of(appliance.kernels.begin(), appliance.kernels.end(),
                                       [](const KernelFacts& kernel) { return kernel.readable; });
  if (unreadable)
    return broken(fmt::format("no kernel may be read: {}", names),
                  fmt::format("chmod 0644 {} (dpkg-statoverride keeps it so)", names));
  return broken(fmt::format("the modules of these kernels are missing: {}", names),
                "install package linux-image-cloud-amd64 anew");
}

Check check_tools(const HostFacts& facts) {
  if (facts.qemu_img.empty() || facts.qemu_nbd.empty())
    return {"tools", Verdict::broken,
            fmt::format("{} was not found in PATH", facts.qemu_nbd.empty() ? "qemu-nbd" : "qemu-img"),
            "install package qemu-utils"};
  return ok("tools", fmt::format("{}, {}", facts.qemu_img, facts.qemu_nbd));
}

Check check_folder(const FolderFacts& folder) {
  const std::string path = folder.path.string();
  if (!folder.error.empty())
    return {folder.purpose, Verdict::broken, folder.error, fmt::format("make {} a folder that can be used", path)};
  if (!folder.writable)
    return {folder.purpose, Verdict::broken, fmt::format("{} is not writable", folder.existing.string()),
            fmt::format("run as root, or choose another {} folder", folder.purpose)};
  const auto space = fmt::format("{} free in {}", base::human_bytes(folder.free), path);
  if (folder.free < folder.wanted)
    return {folder.purpose, Verdict::broken, fmt::format("only {}", space),
            fmt::format("make room for {} at least, or choose another {} folder", base::human_bytes(folder.wanted),
                        folder.purpose)};
  if (folder.closed_to_qemu)
    return {
        folder.purpose, Verdict::warning,
        fmt::format("QEMU's account may not enter {}, so running domains cannot be read by way of {}",
                    folder.closed_to_qemu->string(), path),
        fmt::format("chmod o+x {}, or choose another {} folder", folder.closed_to_qemu->string(), folder.purpose)};
  return ok(folder.purpose, space);
}

Check check_rights(const RightsFacts& rights) {
  if (rights.root)
    return ok("rights", "root");
  if (!rights.libvirt_group)
    return {"rights", Verdict::broken,
            fmt::format("user {} is neither root nor in group libvirt, so libvirt and its disks stay closed",
                        rights.user),
            fmt::format("run as root, or 'adduser {} libvirt' and log in anew", rights.user)};
  return {"rights", Verdict::warning,
          fmt::format("user {} may use libvirt{}, but not read disks that only root and QEMU may", rights.user,
                      rights.kvm_group ? " and KVM" : ""),
          "run as root to read and write domains' disks"};
}

Check check_fence(bool fences) {
  if (fences)
    return ok("fence", "Landlock confines the programs that read foreign images");
  return {"fence", Verdict::broken, "this kernel has no Landlock, so foreign images could not be read safely",
          "use a kernel of version 5.13 or later with landlock in its list of security modules (boot with "
          "lsm=landlock,...)"};
}

Check check_clock(const ClockFacts& clock) {
  if (!clock.plausible)
    return {"clock", Verdict::broken, "the clock is before the day this program was made",
            "set the clock, for instance by installing package systemd-timesyncd or chrony"};
  if (!clock.synchronised)
    return {"clock", Verdict::warning, "the kernel does not know the clock as synchronised",
            "install package systemd-timesyncd or chrony, so that invitations and receipts have true times"};
  return ok("clock", "synchronised");
}

}  // namespace

std::vector<Check> judge(const HostFacts& facts) {
  std::vector<Check> checks{check_libvirt(facts.libvirt), check_qemu(facts), check_kvm(facts.kvm),
                            check_appliance(facts.appliance), check_tools(facts)};
  for (const auto& folder : facts.folders)
    checks.push_back(check_folder(folder));
  checks.push_back(check_rights(facts.rights));
  checks.push_back(check_fence(facts.fences));
  checks.push_back(check_clock(facts.clock));
  return checks;
}

}  // namespace jaunt::hypervisor
