// What stands in the way of a VM at its destination.
#pragma once

#include <string>

namespace jaunt::model {

struct Blocker {
  std::string subject;  // "cpu", "machine", "firmware", "memory", "space", "network", "pool", "name", ...
  bool fatal = true;    // else it costs something but does not prevent
  std::string found;    // one sentence
  std::string remedy;
  bool operator==(const Blocker&) const = default;
};

}  // namespace jaunt::model
