// What stands in the way of a VM on a host, judged from facts.
#pragma once

#include <string>
#include <vector>

#include "base/units.hpp"
#include "model/blocker.hpp"
#include "model/description.hpp"
#include "model/host_ability.hpp"

namespace jaunt::match {

// What the VM would be there.
struct Arrival {
  std::string name;                       // that it would have; empty: disks only, no domain is made
  std::string uuid;                       // empty: a new one
  std::vector<std::string> cpu_features;  // that its definition requires by name
  std::vector<std::string> pools;         // that its definition names
  base::ByteCount space;                  // needed on the destination's disk
  bool with_memory = false;               // its running state comes along: no change of CPU or machine is possible
};

// Of the host's abilities the one nearest to what the machine ran under; nullptr where none is of its architecture.
const model::GuestAbility* choose_ability(const model::Hardware& hardware, const model::HostAbility& host);

// Fatal ones first. Nothing about hardware is judged when the description has none (a bare image), nothing about what
// is not known of the host.
std::vector<model::Blocker> judge(const model::Description& description, const Arrival& arrival,
                                  const model::HostAbility& host);

}  // namespace jaunt::match
