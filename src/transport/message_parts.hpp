// What the files of the message codec share.
#pragma once

#include <string>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "transport/messages.hpp"

namespace jaunt::transport {

namespace wire {
class Envelope;
class AskMachine;
class Machine;
class AskProbe;
class Probe;
class AskReceive;
class Receiving;
class Status;
class Over;
class Finished;
}  // namespace wire

[[noreturn]] inline void refuse(base::ErrorKind kind, const char* cause) {
  throw base::Error(kind, "read", "a message of the other node", cause);
}

inline void corrupt_unless(bool holds, const char* cause) {
  if (!holds)
    refuse(base::ErrorKind::corrupt, cause);
}

inline void limit_unless(bool holds, const char* cause) {
  if (!holds)
    refuse(base::ErrorKind::limit, cause);
}

inline std::string to_wire(base::ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline base::Bytes to_bytes(const std::string& text) {
  const auto view = base::as_bytes(text);
  return {view.begin(), view.end()};
}

// Of what is not about a disk's blocks: conversation_codec.cpp.
void put(wire::Envelope& out, const AskMachine& ask);
void put(wire::Envelope& out, const Machine& machine);
void put(wire::Envelope& out, const AskProbe& ask);
void put(wire::Envelope& out, const Probe& probe);
void put(wire::Envelope& out, const AskReceive& ask);
void put(wire::Envelope& out, const Receiving& receiving);
void put(wire::Envelope& out, const Status& status);
void put(wire::Envelope& out, const Over& over);
void put(wire::Envelope& out, const Finished& finished);
AskMachine take(const wire::AskMachine& in);
Machine take(const wire::Machine& in);
AskProbe take(const wire::AskProbe& in);
Probe take(const wire::Probe& in);
AskReceive take(const wire::AskReceive& in);
Receiving take(const wire::Receiving& in);
Status take(const wire::Status& in);
Over take(const wire::Over& in);
Finished take(const wire::Finished& in);

}  // namespace jaunt::transport
