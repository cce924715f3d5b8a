#include "transport/refusal.hpp"

#include <algorithm>
#include <utility>

namespace jaunt::transport {

Refusal refusal_of(const base::Error& why) {
  std::string cause = why.what();
  if (!why.remedy().empty())
    cause += " (" + why.remedy() + ")";
  cause.resize(std::min(cause.size(), kCauseBytesMax));
  return {.kind = why.kind(), .cause = std::move(cause)};
}

}  // namespace jaunt::transport
