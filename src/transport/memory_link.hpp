// A connection between two threads of one process, for two homes on one machine and for tests.
#pragma once

#include <memory>
#include <string>

#include "base/error.hpp"
#include "transport/link.hpp"

namespace jaunt::transport {

struct LinkPair {
  std::unique_ptr<Link> left;
  std::unique_ptr<Link> right;
};

// What each end calls its peer. Waiting ends with Cancelled when the token is raised.
struct LinkEnds {
  std::string left;
  std::string right;
};
LinkPair memory_link(const LinkEnds& names, const base::CancelToken& cancel = {});

}  // namespace jaunt::transport
