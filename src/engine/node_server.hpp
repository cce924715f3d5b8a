// A node that answers those it is paired with: the work behind `jaunt serve`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/describe_job.hpp"
#include "transport/address.hpp"

namespace jaunt::engine {

struct ServeOptions {
  std::vector<transport::Address> addresses;
  std::function<void(const std::vector<transport::Address>&)>
      listening;                                // called once, with the ports that were taken
  std::function<void(const std::string&)> log;  // a sentence; any thread
  std::function<void()> refused = [] {};        // somebody was; any thread
  std::function<void()> welcomed = [] {};       // a conversation began; any thread
};

// Until the workplace's token is raised; conversations that are under way are ended then.
void serve(const ServeOptions& options, const Workplace& workplace);

}  // namespace jaunt::engine
