#include "engine/arrival.hpp"

#include "engine/subject.hpp"
#include "hypervisor/ability.hpp"
#include "match/blockers.hpp"

namespace jaunt::engine {

namespace {

// With its networks by the names that they have here.
model::Description renamed(model::Description description, const NetworkNames& networks) {
  for (model::NetworkInterface& interface : description.hardware->interfaces)
    if (const auto found = networks.names.find(interface.kind + ":" + interface.source);
        found != networks.names.end()) {
      const auto colon = found->second.find(':');
      interface.kind = found->second.substr(0, colon);
      interface.source = found->second.substr(colon + 1);
    }
  return description;
}

}  // namespace

std::vector<model::Blocker> blockers_here(const model::Description& description, const ArrivalPlace& place,
                                          const Config& config) {
  match::Arrival arrival;
  arrival.space = place.space;
  model::HostAbility host = hypervisor::ability_without_libvirt();
  std::vector<model::Blocker> found;
  if (description.hardware) {
    const model::Hardware& hardware = *description.hardware;
    arrival.name = place.name.value_or(hardware.name);
    if (place.same_machine)
      arrival.uuid = hardware.uuid;
    try {
      const hypervisor::Demands demands = hypervisor::parse_demands(hardware.domain_xml);
      arrival.cpu_features = demands.cpu_features;
      arrival.pools = demands.pools;
      Libvirt libvirt(config.libvirt_uri);
      if (const hypervisor::Connection* connection = libvirt.reachable())
        host = hypervisor::ability_of(*connection, hardware.arch, demands);
    } catch (const base::Error& failure) {
      found.push_back({.subject = "definition",
                       .fatal = true,
                       .found = failure.what(),
                       .remedy = "look at it with virsh dumpxml on its host"});
    }
  }
  const std::filesystem::path folder = place.folder                   ? *place.folder
                                       : config.image_folders.empty() ? "/var/lib/libvirt/images"
                                                                      : config.image_folders.front();
  host.folder = hypervisor::target_folder(folder);
  const bool machine = description.hardware.has_value();
  for (model::Blocker& blocker :
       match::judge(machine ? renamed(description, config.machine_networks) : description, arrival, host))
    found.push_back(std::move(blocker));
  return found;
}

}  // namespace jaunt::engine
