// What libvirt's capabilities say of a host, and what a definition asks of one. Pure, bounded; the functions throw
// only Errors of kind corrupt, unsupported or limit.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/host_ability.hpp"

namespace jaunt::hypervisor {

// Of the host: CPU, and for each architecture and way of running guests one GuestAbility with what it emulates.
void parse_capabilities(std::string_view xml, model::HostAbility& into);

// Of one of those ways with one machine type: emulator, CPU models, firmware and TPM.
void parse_domain_capabilities(std::string_view xml, model::GuestAbility& into);

// What a definition asks for beside what a description has.
struct Demands {
  std::string machine;                    // its machine type; empty when it names none
  std::string cpu;                        // its <cpu> element; empty when it has none
  std::vector<std::string> cpu_features;  // required by name, sorted
  std::vector<std::string> files;         // on the host: kernel, initrd, ...
  std::vector<std::string> pools;         // of its disks, each once
};
Demands parse_demands(std::string_view domain_xml);

}  // namespace jaunt::hypervisor
