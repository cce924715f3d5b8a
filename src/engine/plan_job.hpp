// The job behind `jaunt plan`: what a teleport to this node would do and cost.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "engine/describe_job.hpp"
#include "engine/remote_machine.hpp"
#include "model/plan.hpp"

namespace jaunt::engine {

struct PlanOptions {
  std::optional<std::string> format = {};  // of an image, where nothing else tells it
  std::optional<base::ByteCount> bytes_per_second = {};
  std::optional<std::chrono::microseconds> round_trip = {};
  std::chrono::seconds lease = std::chrono::hours(1);
  std::optional<std::string> name = {};              // of the VM here; by default the one it has
  std::optional<std::filesystem::path> folder = {};  // for its disks; by default the first configured one
  std::string realm = "default";                     // of what is here
  bool same_machine = false;                         // it keeps its UUID
  bool packages = true;                              // from mirrors, where they are faster
  bool prepared = false;                             // packages and archives that are worth it have been fetched
  bool measures_all = false;                         // of what would cross, for a forecast that people read
};

// Throws usage where a machine's home is this very node's.
void refuse_own_home(const RemoteMachine& subject, const Workplace& workplace);

// Works it out, promises what it relies on, and keeps it. The workplace is the destination's.
model::Plan make_plan(const RemoteMachine& subject, const PlanOptions& options, const Workplace& workplace);

// The same within a conversation that is about the machine already.
model::Plan make_plan(const RemoteMachine& subject, const PlanOptions& options, const Workplace& workplace,
                      Conversation& conversation, const ToldMachine& machine, const transport::Link& link);

}  // namespace jaunt::engine
