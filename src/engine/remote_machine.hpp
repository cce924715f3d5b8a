// A machine of another node, and how it is spoken about with that node.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/units.hpp"
#include "engine/conversation.hpp"
#include "engine/describe_job.hpp"
#include "model/description.hpp"
#include "transport/link.hpp"

namespace jaunt::engine {

struct RemoteMachine {
  std::string name;                           // as its node calls it
  std::filesystem::path home;                 // of that node, on this machine; empty: it is another host's
  std::string peer = {};                      // the name of that node, or its address
  std::string dials_in = {};                  // that node's id, where it is the one that dials
  bool bit_exact = false;                     // nothing of its disks is elided
  bool media = false;                         // its CD-ROMs and seeds come along, as disks
  std::optional<base::ByteCount> limit = {};  // of the link to that node, a second, in either direction

  std::string node() const;  // "home:/var/lib/jaunt-b", "storage"
};

// "web1@home:/var/lib/jaunt-b", "web1@storage", "web1@192.0.2.1". Throws usage.
RemoteMachine parse_remote_machine(const std::string& text);

// A name without a node gets that of the next one that has one: "web1", "web2@storage" are both of storage.
std::vector<std::string> with_their_nodes(std::vector<std::string> machines);

// What its node says of it.
struct ToldMachine {
  model::Description description;
  std::int64_t as_of = 0;               // when its disks were so, seconds since 1970
  base::Bytes firmware = {};            // the variables of its firmware; empty: it has none
  std::optional<Instant> instant = {};  // of one that runs
  std::uint32_t packages = 0;           // how many it would tell of

  bool running() const { return description.hardware && description.hardware->state != "shut off"; }
};

// Calls work() with the node that has it. What stands in that node's way is thrown as it says it, and not as the
// broken conversation that follows.
using SpeakOfMachine = std::function<void(Conversation&, const ToldMachine&, const transport::Link&)>;
void with_machine(const RemoteMachine& machine, const std::string& format, const Workplace& workplace,
                  const SpeakOfMachine& work);

}  // namespace jaunt::engine
