// Waiting for what another program does.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace jaunt::test_support {

// Soon, or not at all.
inline bool comes_true(const std::function<bool()>& condition,
                       std::chrono::milliseconds at_most = std::chrono::seconds(30)) {
  const auto end = std::chrono::steady_clock::now() + at_most;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace jaunt::test_support
