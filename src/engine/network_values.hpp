// Values of the configuration that say how a node, and the machines that arrive at it, are on the network.
#pragma once

#include <cstdint>
#include <map>
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

// Of this host's own loopback interface; 0: none.
struct LocalPort {
  std::uint16_t number = 0;
};

// What networks of other hosts are called here: "network:lab" to "bridge:br0".
struct NetworkNames {
  std::string text;
  std::map<std::string, std::string> names;
};

}  // namespace jaunt::engine
