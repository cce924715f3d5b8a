// Values of the configuration that say how a node is on the network.
#pragma once

#include <string>
#include <vector>

#include "transport/address.hpp"
#include "transport/timetable.hpp"

namespace jaunt::engine {

// Each with the text that it was made from.
struct ListenAddresses {
  std::string text = ":5286";
  std::vector<transport::Address> addresses{transport::Address{}};
};

struct LinkLimit {
  std::string text = "unlimited";
  transport::Timetable timetable;
};

}  // namespace jaunt::engine
