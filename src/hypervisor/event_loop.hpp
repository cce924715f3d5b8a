// libvirt's event loop: one thread of the process delivers the events of all connections.
#pragma once

namespace jaunt::hypervisor {

// Starts the loop with the first call, which must come before the first connection is opened; it ends with the
// process. Any thread.
void ensure_event_loop();

// Returns when every event that had arrived before the call has been delivered. Not from an event's callback.
void await_event_loop();

}  // namespace jaunt::hypervisor
