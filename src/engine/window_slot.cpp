#include "engine/window_slot.hpp"

#include <fmt/format.h>

namespace jaunt::engine {

WindowSlot::WindowSlot(const Home& home) {
  for (int slot = 0; slot < kLongWindows && !lock_; ++slot)
    lock_ = FileLock::try_take(home.path() / fmt::format("window-{}.lock", slot));
}

}  // namespace jaunt::engine
