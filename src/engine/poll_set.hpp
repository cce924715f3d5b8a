// Descriptors that one thread waits for together, and what it does when they are ready.
#pragma once

#include <chrono>
#include <functional>
#include <utility>
#include <vector>

#include <poll.h>

namespace jaunt::engine {

// Filled anew for every wait.
class PollSet {
 public:
  using Ready = std::function<void(short happened)>;

  void watch(int fd, short events, Ready ready) {
    descriptors_.push_back({.fd = fd, .events = events, .revents = 0});
    ready_.push_back(std::move(ready));
  }

  // Calls those whose descriptor is ready; a signal ends the wait, too.
  void wait(std::chrono::milliseconds patience) {
    if (::poll(descriptors_.data(), descriptors_.size(), static_cast<int>(patience.count())) <= 0)
      return;
    for (std::size_t i = 0; i < descriptors_.size(); ++i)
      if (descriptors_[i].revents != 0)
        ready_[i](descriptors_[i].revents);
  }

 private:
  std::vector<pollfd> descriptors_;
  std::vector<Ready> ready_;
};

}  // namespace jaunt::engine
