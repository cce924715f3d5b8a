// Teleports that nobody carries out at this moment: begun for a daemon, or given up.
#include <fmt/format.h>

#include "engine/job.hpp"
#include "engine/kept_plans.hpp"
#include "engine/target_disks.hpp"
#include "engine/target_places.hpp"
#include "engine/teleport_job.hpp"
#include "engine/teleport_request.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

std::string hand_over_teleport(const RemoteMachine& subject, const TeleportOptions& options, bool detached,
                               const Workplace& workplace) {
  refuse_own_home(subject, workplace);
  TeleportRequest request{subject, options, detached ? Waits::nobody : Waits::follower};
  request.options.to = fs::absolute(options.to);
  Job job = Job::begin(workplace.home, kTeleportKind, subject.name);
  store_schedule(job.folder(), {});
  job.record(Requested{to_json(request)});
  return job.id();
}

std::string await_teleport(const TeleportRequest& request, const Workplace& workplace) {
  Job job = Job::begin(workplace.home, kTeleportKind, request.subject.name);
  job.record(Requested{to_json(request)});
  return job.id();
}

bool is_visible(const std::vector<Record>& records, const std::string& job) {
  bool proved = false;
  bool visible = false;
  for (const Record& record : records) {
    if (const auto* stage = std::get_if<StageDone>(&record))
      proved = proved || stage->name == kProved;
    if (const auto* made = std::get_if<TemporaryMade>(&record))
      visible = visible || (!fs::exists(made->path) && fs::exists(final_place(made->path, job)));
  }
  return proved && visible;
}

void cancel_teleport(const std::string& id, const Home& home) {
  const ShownJob shown = show_job(home, id);
  if (shown.job.finished)
    throw Error(ErrorKind::usage, "cancel", "job " + id, "it is over: " + shown.job.finished->outcome,
                fmt::format("what it made stays; `jaunt job show {}` tells what that is", id));
  cancel_job(home, id, [&](const std::vector<Record>& records) {
    if (is_visible(records, id))
      throw Error(ErrorKind::usage, "cancel", "job " + id, "its disks are whole and have their names already",
                  fmt::format("`jaunt job resume {}` ends it; remove then what you do not want", id));
  });
  const chunkstore::Store store(home.path());
  for (const chunkstore::Reference& reference : store.references().list())
    if (reference.holder == chunkstore::Holder::job && reference.name == id)
      store.references().release(reference);
  for (const Record& record : shown.records)
    if (const auto* plan = std::get_if<PlanChosen>(&record); plan != nullptr && plan->own) {
      try {
        KeptPlans(home).drop(plan->id);
      } catch (const Error&) {  // it is gone already
      }
    }
}

}  // namespace jaunt::engine
