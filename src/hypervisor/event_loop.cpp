#include "hypervisor/event_loop.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <thread>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "hypervisor/libvirt_error.hpp"

namespace jaunt::hypervisor {

namespace {

void silent(void*, virErrorPtr) {}

class EventLoop {
 public:
  EventLoop() {
    virSetErrorFunc(nullptr, silent);  // the default handler prints to standard error
    if (virInitialize() != 0 || virEventRegisterDefaultImpl() != 0)
      throw_libvirt("start", "libvirt's event loop");
    thread_ = std::thread([this] {
      while (!stopping_.load(std::memory_order_relaxed))
        virEventRunDefaultImpl();
    });
  }

  ~EventLoop() {
    stopping_ = true;
    virEventAddTimeout(
        0, [](int timer, void*) { virEventRemoveTimeout(timer); }, nullptr, nullptr);
    thread_.join();
  }

  void await() {
    // Events are delivered by timers of the loop too, added earlier, and the loop serves its timers in order.
    auto* delivered = new std::promise<void>;
    auto waiting = delivered->get_future();
    const auto fired = [](int timer, void* promise) {
      static_cast<std::promise<void>*>(promise)->set_value();
      virEventRemoveTimeout(timer);
    };
    const auto freed = [](void* promise) { delete static_cast<std::promise<void>*>(promise); };
    if (virEventAddTimeout(0, fired, delivered, freed) < 0) {
      delete delivered;
      throw_libvirt("wait for", "libvirt's events");
    }
    waiting.wait();
  }

 private:
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

EventLoop& the_loop() {
  static EventLoop loop;
  return loop;
}

}  // namespace

void ensure_event_loop() {
  the_loop();
}

void await_event_loop() {
  the_loop().await();
}

}  // namespace jaunt::hypervisor
