// How hard to compress what crosses a link: as hard as the link's slowness pays for.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/units.hpp"

namespace jaunt::sync {

// The highest level at which one core still keeps a link of this rate busy.
int level_for(double link_bytes_per_second);

// Finds the level while it is used. Where somebody has said how fast the link is, it begins with that one's, goes
// down where the compressor turns out to be slower than this, and changes where the link turns out to be quite
// another. A value; one thread.
class StreamLevel {
 public:
  using Seconds = std::chrono::duration<double>;

  explicit StreamLevel(std::uint64_t link_bytes_per_second);  // 0: nobody knows

  int level() const { return level_; }

  // What one piece took: compressing it, and getting rid of it; and at which rate the link takes what waits, where it
  // has shown that. True when the next piece should begin a new stream at another level; that costs the window, so it
  // is said seldom.
  bool account(base::ByteCount plain, base::ByteCount compressed, Seconds compressing, Seconds sending,
               const std::optional<base::ByteCount>& link = {});

 private:
  int better_level(const std::optional<base::ByteCount>& link);

  double link_ = 0;  // bytes per second; 0: nobody knows
  int level_ = 3;
  std::uint64_t look_after_;  // plain bytes
  std::uint64_t plain_ = 0;   // since the last look
  std::uint64_t compressed_ = 0;
  Seconds compressing_{0};
  Seconds sending_{0};
};

}  // namespace jaunt::sync
