#include "match/blockers.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"

namespace jaunt::match {

namespace {

using base::human_bytes;
using base::printable;
using model::Hardware;

bool has(const std::vector<std::string>& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : ", ") + printable(word);
  return text;
}

// Judges one VM on one host and collects what it finds.
class Court {
 public:
  Court(const model::Description& description, const Arrival& arrival, const model::HostAbility& host)
      : description_(description), arrival_(arrival), host_(host) {}

  std::vector<model::Blocker> verdict() {
    judge_space();
    if (!arrival_.name.empty() && description_.hardware) {
      if (host_.connection.empty())
        stop("hypervisor", fmt::format("{} has no libvirt that answers", printable(host_.name)),
             "start libvirtd there, or ask for the disks alone");
      else
        judge_machine(*description_.hardware);
    }
    std::ranges::stable_sort(found_, std::greater{}, &model::Blocker::fatal);
    return std::move(found_);
  }

 private:
  void stop(std::string subject, std::string found, std::string remedy) {
    found_.push_back({std::move(subject), true, std::move(found), std::move(remedy)});
  }
  void warn(std::string subject, std::string found, std::string remedy) {
    found_.push_back({std::move(subject), false, std::move(found), std::move(remedy)});
  }

  void judge_space() {
    if (!host_.folder)
      return;
    const auto& [path, writable, free] = *host_.folder;
    if (!writable)
      stop("space", fmt::format("{} is not writable", printable(path)), "choose another folder with --to");
    if (arrival_.space > free)
      stop("space",
           fmt::format("{} has {} free and {} are needed", printable(path), human_bytes(free),
                       human_bytes(arrival_.space)),
           fmt::format("make {} more room there, or choose another folder with --to",
                       human_bytes(arrival_.space - free)));
  }

  void judge_machine(const Hardware& hardware) {
    judge_name();
    const model::GuestAbility* const ability = choose_ability(hardware, host_);
    if (ability == nullptr) {
      stop("architecture", fmt::format("the host runs no {} guests", printable(hardware.arch)),
           fmt::format("install QEMU's emulator for {} there, or choose another host", printable(hardware.arch)));
    } else {
      judge_emulator(hardware, *ability);
      judge_machine_type(hardware, *ability);
      judge_cpu(hardware, *ability);
      judge_firmware(hardware.firmware, *ability);
      judge_tpm(hardware, *ability);
    }
    judge_memory(hardware);
    judge_networks(hardware);
    judge_pools();
    judge_what_stays(hardware);
  }

  void judge_name() {
    for (const model::KnownDomain& domain : host_.domains) {
      if (domain.name == arrival_.name)
        stop("name", fmt::format("a domain named {} is there already", printable(domain.name)),
             "give it another name with --as");
      else if (!arrival_.uuid.empty() && domain.uuid == arrival_.uuid)
        stop("name",
             fmt::format("the domain {} there has its UUID {}", printable(domain.name), printable(domain.uuid)),
             "give it another name with --as, and it gets a UUID of its own");
    }
  }

  void judge_emulator(const Hardware& hardware, const model::GuestAbility& ability) {
    if (hardware.virtualization == "kvm" && ability.virtualization != "kvm") {
      if (arrival_.with_memory)
        stop("virtualization", "it runs under KVM, which does not work on the host",
             "make KVM work there, or leave the running state behind");
      else
        warn("virtualization", "it would be emulated, many times slower, for KVM does not work on the host",
             "see jaunt doctor there");
    }
    if (!hardware.emulator.empty() && ability.emulator != hardware.emulator)
      warn("emulator", fmt::format("{} becomes {}", printable(hardware.emulator), printable(ability.emulator)), "");
  }

  void judge_machine_type(const Hardware& hardware, const model::GuestAbility& ability) {
    if (hardware.machine.empty() || ability.machines.empty() || has(ability.machines, hardware.machine))
      return;
    const std::string machine = printable(hardware.machine);
    const std::string family = model::machine_family(hardware.machine);
    if (arrival_.with_memory)
      stop("machine", fmt::format("its running state is of machine type {}, which the host lacks", machine),
           "install a QEMU there that has it, or leave the running state behind");
    else if (has(ability.machines, family))
      warn("machine", fmt::format("machine type {} becomes the host's {}", machine, printable(family)),
           "look at the guest's devices after its first start");
    else
      stop("machine", fmt::format("the host has no machine type {}", machine),
           "install a QEMU there that has it, or change the type in its definition");
  }

  void judge_cpu(const Hardware& hardware, const model::GuestAbility& ability) {
    if (ability.vcpus_max > 0 && hardware.vcpus > ability.vcpus_max)
      stop("cpu", fmt::format("it has {} CPUs, and a guest there at most {}", hardware.vcpus, ability.vcpus_max),
           "give it fewer CPUs");
    else if (host_.cpus > 0 && hardware.vcpus > host_.cpus)
      warn("cpu", fmt::format("it has {} CPUs, the host only {}", hardware.vcpus, host_.cpus),
           "expect it to be slower");

    const bool custom = hardware.cpu_mode == "custom" && !hardware.cpu_model.empty();
    std::vector<std::string> missing;
    if (!host_.cpu_features.empty())
      for (const std::string& feature : arrival_.cpu_features)
        if (!has(host_.cpu_features, feature))
          missing.push_back(feature);
    if (custom && !ability.cpu_models.empty() && !has(ability.cpu_models, hardware.cpu_model))
      stop("cpu", fmt::format("it wants the CPU model {}, which the host cannot give", printable(hardware.cpu_model)),
           "choose a model that both hosts have: virsh hypervisor-cpu-baseline");
    else if (!missing.empty())
      stop("cpu", fmt::format("it wants CPU features that the host lacks: {}", joined(missing)),
           "take them out of its definition, or choose another host");
    else if (host_.cpu_accepted == false)
      stop("cpu", fmt::format("the host's CPU {} cannot be what its definition asks for", printable(host_.cpu_model)),
           "choose a model that both hosts have: virsh hypervisor-cpu-baseline");
    else if (arrival_.with_memory && !custom && !host_.cpu_accepted)
      warn("cpu", "its running state needs the very CPU that it runs on, and the host's was not compared",
           "compare them: virsh hypervisor-cpu-compare");
  }

  void judge_firmware(const model::Firmware& firmware, const model::GuestAbility& ability) {
    if (firmware.kind != "uefi")
      return;
    if (ability.loaders.empty())
      stop("firmware", "it starts from UEFI, and the host has no such firmware", "install ovmf there");
    else if (firmware.secure_boot && !ability.secure_boot)
      stop("firmware", "it starts with secure boot, and the host has no firmware for that",
           "install ovmf with secure boot there");
    else if (!firmware.loader.empty() && !has(ability.loaders, firmware.loader))
      warn("firmware", fmt::format("{} becomes {}", printable(firmware.loader), printable(ability.loaders.front())),
           "both should be builds of the same size, or its boot entries are lost");
    if (firmware.nvram.empty())
      warn("firmware", "it keeps no boot entries of its own", "the host makes them from its template");
  }

  void judge_tpm(const Hardware& hardware, const model::GuestAbility& ability) {
    if (hardware.tpm.find("emulator") == std::string::npos)
      return;
    if (!ability.tpm_emulator)
      stop("tpm", "it has an emulated TPM, and the host cannot emulate one", "install swtpm and swtpm-tools there");
    else
      stop("tpm", "the state of its TPM would stay behind, and with it what the guest has sealed",
           "take the TPM out of its definition, if the guest can do without");
  }

  void judge_memory(const Hardware& hardware) {
    if (host_.memory.value > 0 && hardware.memory > host_.memory)
      stop("memory",
           fmt::format("it has {} of memory, the host only {}", human_bytes(hardware.memory),
                       human_bytes(host_.memory)),
           "give it less memory, or choose another host");
    else if (host_.memory_available.value > 0 && hardware.memory > host_.memory_available)
      warn("memory",
           fmt::format("it has {} of memory, and {} are available on the host now", human_bytes(hardware.memory),
                       human_bytes(host_.memory_available)),
           "stop something there before it starts");
  }

  void judge_networks(const Hardware& hardware) {
    for (const model::NetworkInterface& interface : hardware.interfaces) {
      const std::string source = printable(interface.source);
      if (interface.kind == "network" && !has(host_.networks, interface.source))
        stop("network", fmt::format("the host has no active network {}", source),
             fmt::format("define and start it: virsh net-start {}; or say in machine.networks of that node's "
                         "configuration which one to use instead",
                         source));
      else if (interface.kind == "bridge" && !has(host_.bridges, interface.source))
        stop("network", fmt::format("the host has no bridge {}", source),
             "make one of that name there, or say in machine.networks of that node's configuration which one to use "
             "instead");
    }
  }

  void judge_pools() {
    for (const std::string& pool : arrival_.pools)
      if (!has(host_.pools, pool))
        stop("pool", fmt::format("the host has no active pool {}", printable(pool)),
             fmt::format("define and start it: virsh pool-start {}; or choose a folder with --to", printable(pool)));
    if (!host_.missing_files.empty())
      stop("files", fmt::format("its definition names what the host lacks: {}", joined(host_.missing_files)),
           "copy them there, or take them out of its definition");
  }

  // What belongs to the machine and does not travel.
  void judge_what_stays(const Hardware& hardware) {
    if (!hardware.host_devices.empty())
      stop("devices", fmt::format("it has devices of its host: {}", joined(hardware.host_devices)),
           "detach them from it first");
    if (!hardware.snapshots.empty())
      warn("snapshots", fmt::format("its {} snapshots stay behind", hardware.snapshots.size()), "");
    if (!hardware.checkpoints.empty())
      warn("checkpoints", fmt::format("its {} checkpoints stay behind", hardware.checkpoints.size()),
           "the next backup there is a full one");
    if (arrival_.uuid.empty())
      warn("identity", "a copy has the machine id, the SSH host keys and the network configuration of the original",
           "change them inside before both run in one network");
    if (hardware.managed_save && !arrival_.with_memory)
      warn("memory", "its saved state stays behind: it will start anew, as after a power cut",
           "start it and shut it down first");
  }

  const model::Description& description_;
  const Arrival& arrival_;
  const model::HostAbility& host_;
  std::vector<model::Blocker> found_;
};

}  // namespace

const model::GuestAbility* choose_ability(const Hardware& hardware, const model::HostAbility& host) {
  const model::GuestAbility* best = nullptr;
  const auto fits = [&](const model::GuestAbility& ability) {
    return std::pair(ability.virtualization == hardware.virtualization, ability.emulator == hardware.emulator);
  };
  for (const model::GuestAbility& ability : host.guests)
    if (ability.arch == hardware.arch && (best == nullptr || fits(ability) > fits(*best)))
      best = &ability;
  return best;
}

std::vector<model::Blocker> judge(const model::Description& description, const Arrival& arrival,
                                  const model::HostAbility& host) {
  return Court(description, arrival, host).verdict();
}

}  // namespace jaunt::match
