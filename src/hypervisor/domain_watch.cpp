#include <atomic>
#include <utility>

#include <libvirt/libvirt.h>

#include "base/text.hpp"
#include "hypervisor/domain.hpp"
#include "hypervisor/event_loop.hpp"
#include "hypervisor/libvirt_error.hpp"

namespace jaunt::hypervisor {

namespace {

// libvirt registers the callbacks of all kinds of events as one type, and calls each as what its kind says.
virConnectDomainEventGenericCallback as_generic(virConnectDomainEventCallback callback) {
  return reinterpret_cast<virConnectDomainEventGenericCallback>(reinterpret_cast<void (*)()>(callback));
}

}  // namespace

// Outlives the watch as long as libvirt may still call back.
struct DomainWatch::Shared {
  std::function<void()> on_start;
  std::atomic<bool> started = false;

  void raise() {
    if (!started.exchange(true) && on_start)
      on_start();
  }
};

DomainWatch::DomainWatch(const Domain& domain, std::function<void()> on_start)
    : domain_(domain), shared_(std::make_shared<Shared>()) {
  shared_->on_start = std::move(on_start);
  using Held = std::shared_ptr<Shared>;
  const virConnectDomainEventCallback on_event = [](virConnectPtr, virDomainPtr, int event, int, void* held) {
    if (event == VIR_DOMAIN_EVENT_STARTED || event == VIR_DOMAIN_EVENT_RESUMED)
      (*static_cast<Held*>(held))->raise();
    return 0;
  };
  const auto release = [](void* held) { delete static_cast<Held*>(held); };
  auto* held = new Held(shared_);
  callback_ = virConnectDomainEventRegisterAny(virDomainGetConnect(domain_.handle()), domain_.handle(),
                                               VIR_DOMAIN_EVENT_ID_LIFECYCLE, as_generic(on_event), held, release);
  if (callback_ < 0) {
    const auto error = last_libvirt_error("watch", "domain " + base::printable(domain.name()));
    delete held;
    throw error;
  }
  // It may have started between the caller's look and the registration.
  if (domain.active())
    shared_->raise();
}

DomainWatch::~DomainWatch() {
  virConnectDomainEventDeregisterAny(virDomainGetConnect(domain_.handle()), callback_);
}

bool DomainWatch::started() const {
  if (!shared_->started && virDomainIsActive(domain_.handle()) != 0)  // active, or nobody can tell
    shared_->raise();
  if (!shared_->started)
    await_event_loop();
  return shared_->started;
}

}  // namespace jaunt::hypervisor
