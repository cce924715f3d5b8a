// Room for the long window of a stream of blocks.
#pragma once

#include <optional>

#include "engine/home.hpp"

namespace jaunt::engine {

// Two jobs of a home have it at a time, in whatever process, so that four together stay within half a gigabyte.
class WindowSlot {
 public:
  explicit WindowSlot(const Home& home);

  unsigned bits() const { return lock_ ? kLongBits : kShortBits; }

  static constexpr unsigned kLongBits = 27;

 private:
  static constexpr int kLongWindows = 2;
  static constexpr unsigned kShortBits = 24;

  std::optional<FileLock> lock_;
};

}  // namespace jaunt::engine
