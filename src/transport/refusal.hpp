// What the other node is told of an error here.
#pragma once

#include "base/error.hpp"
#include "transport/messages.hpp"

namespace jaunt::transport {

// With what to do about it.
Refusal refusal_of(const base::Error& why);

}  // namespace jaunt::transport
