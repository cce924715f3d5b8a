// A listener's side that the network starts.
#pragma once

#include <memory>
#include <vector>

#include "transport/network.hpp"
#include "transport/network_core.hpp"

namespace jaunt::transport {

std::unique_ptr<Listener> start_listening(const std::shared_ptr<NetworkCore>& core,
                                          const std::vector<Address>& addresses, Admission admission,
                                          const base::CancelToken& cancel);

}  // namespace jaunt::transport
