// How long work tells that it advances.
#pragma once

#include <string_view>

#include "base/units.hpp"

namespace jaunt::base {

// Receiver of progress. Work calls it from any thread; implementations are thread-safe and cheap, and the default one
// is silent.
class Progress {
 public:
  virtual ~Progress() = default;

  // A new stage begins; a total of zero means that nobody knows yet.
  virtual void stage(std::string_view /*name*/, ByteCount /*total*/) {}
  virtual void advance(ByteCount /*more*/) {}
  // Something the reader should know once, such as a fallback that was taken.
  virtual void note(std::string_view /*sentence*/) {}
};

}  // namespace jaunt::base
