// What is installed in a machine, as one node tells another of it.
#pragma once

#include <cstdint>
#include <vector>

#include "model/description.hpp"
#include "transport/messages.hpp"

namespace jaunt::engine {

// Of all its systems. What would not fit into a message is left out.
transport::Packages told_packages(const model::Description& description);
std::uint32_t count_packages(const model::Description& description);

// Distinct, in the order of their names. Throws corrupt or limit.
std::vector<model::Package> understood_packages(const transport::Packages& told);

}  // namespace jaunt::engine
