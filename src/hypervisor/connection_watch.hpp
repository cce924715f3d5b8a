// Tells when the domains of a connection, or what they are made of, may have changed.
#pragma once

#include <functional>
#include <vector>

#include "hypervisor/connection.hpp"

namespace jaunt::hypervisor {

// Watches from construction to destruction.
class ConnectionWatch {
 public:
  // `on_change` is called from libvirt's event thread, for domains defined, removed, started and stopped, for disks
  // that were changed and for block jobs that ended; it must not block. Also called once when the connection
  // breaks. A call may still be under way when the watch has ended, so it owns what it needs.
  ConnectionWatch(const Connection& connection, std::function<void()> on_change);
  ~ConnectionWatch();
  ConnectionWatch(const ConnectionWatch&) = delete;
  ConnectionWatch& operator=(const ConnectionWatch&) = delete;

  bool broken() const;

 private:
  const Connection& connection_;
  std::vector<int> callbacks_;
};

}  // namespace jaunt::hypervisor
