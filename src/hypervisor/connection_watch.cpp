#include "hypervisor/connection_watch.hpp"

#include <memory>
#include <utility>

#include <libvirt/libvirt.h>

#include "hypervisor/libvirt_error.hpp"

namespace jaunt::hypervisor {

namespace {

using Held = std::shared_ptr<std::function<void()>>;

// libvirt registers the callbacks of all kinds of events as one type, and calls each as what its kind says.
template <typename Callback>
virConnectDomainEventGenericCallback as_generic(Callback callback) {
  return reinterpret_cast<virConnectDomainEventGenericCallback>(reinterpret_cast<void (*)()>(callback));
}

void raise(void* held) {
  (**static_cast<Held*>(held))();
}

void release(void* held) {
  delete static_cast<Held*>(held);
}

void on_closed(virConnectPtr, int, void* held) {
  raise(held);
}

}  // namespace

ConnectionWatch::ConnectionWatch(const Connection& connection, std::function<void()> on_change)
    : connection_(connection) {
  // Outlives the watch as long as libvirt may still call back.
  const auto shared = std::make_shared<std::function<void()>>(std::move(on_change));
  const virConnectDomainEventCallback lifecycle = [](virConnectPtr, virDomainPtr, int, int, void* held) {
    raise(held);
    return 0;
  };
  const virConnectDomainEventDiskChangeCallback disk_change =
      [](virConnectPtr, virDomainPtr, const char*, const char*, const char*, int, void* held) { raise(held); };
  const virConnectDomainEventBlockJobCallback block_job = [](virConnectPtr, virDomainPtr, const char*, int, int,
                                                             void* held) { raise(held); };
  const std::pair<int, virConnectDomainEventGenericCallback> kinds[] = {
      {VIR_DOMAIN_EVENT_ID_LIFECYCLE, as_generic(lifecycle)},
      {VIR_DOMAIN_EVENT_ID_DISK_CHANGE, as_generic(disk_change)},
      {VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2, as_generic(block_job)}};
  for (const auto& [kind, callback] : kinds) {
    auto* held = new Held(shared);
    const int id = virConnectDomainEventRegisterAny(connection.handle(), nullptr, kind, callback, held, release);
    if (id >= 0) {
      callbacks_.push_back(id);
      continue;
    }
    delete held;
    if (kind == VIR_DOMAIN_EVENT_ID_LIFECYCLE)  // the others are not known to every driver
      throw_libvirt("watch", connection.uri());
  }
  auto* held = new Held(shared);
  if (virConnectRegisterCloseCallback(connection.handle(), on_closed, held, release) != 0)
    delete held;  // a driver without a daemon does not close
}

ConnectionWatch::~ConnectionWatch() {
  for (const int id : callbacks_)
    virConnectDomainEventDeregisterAny(connection_.handle(), id);
  virConnectUnregisterCloseCallback(connection_.handle(), on_closed);
}

bool ConnectionWatch::broken() const {
  return virConnectIsAlive(connection_.handle()) == 0;
}

}  // namespace jaunt::hypervisor
