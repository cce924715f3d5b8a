// The side of a push that gets the machine.
#pragma once

#include <functional>
#include <string>

#include "engine/describe_job.hpp"
#include "identity/peers.hpp"
#include "transport/link.hpp"
#include "transport/messages.hpp"

namespace jaunt::engine {

struct Pusher {
  std::function<identity::Peer()> peer;  // as it is known now; throws auth once it is none any more
  std::string who;                       // for the log
  std::function<void(const std::string&)> log;
};

// Carries the teleport out that a peer has dialled in for, or goes on with it. It is told how that goes, and at last
// the summary or what stood in the way, which is thrown besides.
void receive_machine(transport::Link& link, const transport::AskReceive& ask, const Pusher& pusher,
                     const Workplace& workplace);

}  // namespace jaunt::engine
