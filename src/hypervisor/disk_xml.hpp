// One <disk> of a domain's definition as a value.
#pragma once

#include "model/description.hpp"

namespace pugi {
class xml_node;
}

namespace jaunt::hypervisor {

// Throws `limit` when the backing chain has more than kChainMax files.
model::Disk parse_disk(const pugi::xml_node& node);

}  // namespace jaunt::hypervisor
