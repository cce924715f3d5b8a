// Messages as bytes and back.
#pragma once

#include "base/bytes.hpp"
#include "transport/messages.hpp"

namespace jaunt::transport {

// `message` keeps the bounds of messages.hpp.
base::Bytes encode(const Message& message);

// Throws only corrupt, unsupported (a message of another version's making) and limit errors.
Message decode(base::ByteView bytes);

}  // namespace jaunt::transport
