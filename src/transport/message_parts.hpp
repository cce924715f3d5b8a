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
class Disk;
class BlockSet;
class AskOrder;
class Order;
class AskArchives;
class Archives;
class AskUnpacked;
class Unpacked;
class AskPackages;
class Packages;
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
void put(wire::Envelope& out, const AskPackages& ask);
void put(wire::Envelope& out, const Packages& packages);
AskMachine take(const wire::AskMachine& in);
Machine take(const wire::Machine& in);
AskProbe take(const wire::AskProbe& in);
Probe take(const wire::Probe& in);
AskReceive take(const wire::AskReceive& in);
Receiving take(const wire::Receiving& in);
Status take(const wire::Status& in);
Over take(const wire::Over& in);
Finished take(const wire::Finished& in);
AskPackages take(const wire::AskPackages& in);
Packages take(const wire::Packages& in);

// Of what files tell: files_codec.cpp.
void put(wire::Envelope& out, const AskOrder& ask);
void put(wire::Envelope& out, const Order& order);
void put(wire::Envelope& out, const AskArchives& ask);
void put(wire::Envelope& out, const Archives& archives);
void put(wire::Envelope& out, const AskUnpacked& ask);
void put(wire::Envelope& out, const Unpacked& unpacked);
AskOrder take(const wire::AskOrder& in);
Order take(const wire::Order& in);
AskArchives take(const wire::AskArchives& in);
Archives take(const wire::Archives& in);
AskUnpacked take(const wire::AskUnpacked& in);
Unpacked take(const wire::Unpacked& in);

// Of disks, wherever they are named: disk_codec.cpp.
void put_disk(wire::Disk& out, const DiskFacts& disk);
DiskFacts take_disk(const wire::Disk& in);
void put_blocks(wire::BlockSet& out, const BlockSet& blocks);
BlockSet take_blocks(const wire::BlockSet& in);
// Ascending numbers as gaps, so that neighbours cost a byte; the first counts from 0.
std::uint64_t next_tile(std::uint64_t gap, bool first, std::uint64_t previous);

}  // namespace jaunt::transport
